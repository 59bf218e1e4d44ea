// Work that was noted to be done later, in order, as often as wanted.
#pragma once

#include <cstddef>
#include <memory>
#include <new>
#include <type_traits>
#include <utility>
#include <vector>

#include "base/memory.h"

namespace tt::cpu {

class CapturedWork {
 public:
  CapturedWork() = default;
  CapturedWork(const CapturedWork&) = delete;
  CapturedWork& operator=(const CapturedWork&) = delete;
  ~CapturedWork();

  // A Work made of the arguments; a run calls it: work().
  template <typename Work, typename... Args>
  void add(Args&&... args) {
    static_assert(alignof(ItemOf<Work>) <= kAlignment);
    append(*::new (take(sizeof(ItemOf<Work>))) ItemOf<Work>(std::forward<Args>(args)...));
  }

  void run() const {
    for (Item* item = first_; item != nullptr; item = item->next) item->run(item);
  }

 private:
  struct Item {
    Item* next = nullptr;
    void (*run)(Item*);
    void (*destroy)(Item*);  // null: nothing to do
  };
  template <typename Work>
  struct ItemOf : Item {
    template <typename... Args>
    explicit ItemOf(Args&&... args) : work(std::forward<Args>(args)...) {
      this->run = [](Item* self) { static_cast<ItemOf*>(self)->work(); };
      this->destroy = nullptr;
      if constexpr (!std::is_trivially_destructible_v<Work>) {
        this->destroy = [](Item* self) { std::destroy_at(static_cast<ItemOf*>(self)); };
      }
    }
    Work work;
  };
  struct Chunk {
    void* memory;
    size_t size;
  };

  void* take(size_t size);
  void append(Item& item) {
    *end_ = &item;
    end_ = &item.next;
  }

  Item* first_ = nullptr;
  Item** end_ = &first_;
  std::vector<Chunk> chunks_;
  std::byte* at_ = nullptr;
  size_t left_ = 0;
};

}  // namespace tt::cpu
