// Intrusive reference counting for everything that a handle can point to.
#pragma once

#include <atomic>
#include <cstdint>
#include <utility>

#include "base/memory.h"

namespace tt {

// The first word of every object behind a C handle, so that a wrong or dead handle is told from a live one.
enum class Kind : uint32_t {
  kDead = 0xdeadd00du,
  kTensor = 0x74746e73u,
  kStorage = 0x74747374u,
  kNode = 0x74746e64u,
  kModule = 0x74746d6fu,
  kOptimizer = 0x74746f70u,
  kGenerator = 0x7474676eu,
  kDataset = 0x74746473u,
  kLoader = 0x74746c64u,
  kStateDict = 0x74747364u,
  kHook = 0x7474686bu,
  kScheduler = 0x74747363u,
  kGradScaler = 0x74746773u,
  kFile = 0x7474666cu,
  kStream = 0x74747372u,
  kEvent = 0x74746576u,
  kGraph = 0x74746772u,
  kFunctionContext = 0x74746663u,
};

class RefCounted {
 public:
  RefCounted(const RefCounted&) = delete;
  RefCounted& operator=(const RefCounted&) = delete;

  Kind kind() const noexcept { return kind_; }
  void retain() const noexcept { refs_.fetch_add(1, std::memory_order_relaxed); }
  void release() const noexcept {
    // A sole owner needs no atomic read-modify-write: nobody else can be changing the count.
    if (refs_.load(std::memory_order_acquire) == 1 || refs_.fetch_sub(1, std::memory_order_acq_rel) == 1) {
      delete this;
    }
  }
  uint32_t use_count() const noexcept { return refs_.load(std::memory_order_acquire); }

  // Objects come from the free lists.
  static void* operator new(size_t size) { return allocate_block(size); }
  static void operator delete(void* block, size_t size) noexcept { free_block(block, size); }

 protected:
  explicit RefCounted(Kind kind) noexcept : kind_(kind) {}
  virtual ~RefCounted() {
    kind_ = Kind::kDead;
    // The compiler may drop stores to an object whose life ends; this one is read through stale handles.
    __asm__ volatile("" : : "r"(&kind_) : "memory");
  }

 private:
  Kind kind_;
  mutable std::atomic<uint32_t> refs_{1};
};

// Owns one reference. A new object is born with one: Ref<T>::adopt(new T) takes it over.
template <typename T>
class Ref {
 public:
  Ref() = default;
  Ref(std::nullptr_t) {}
  explicit Ref(T* object) noexcept : object_(object) {
    if (object_ != nullptr) object_->retain();
  }
  static Ref adopt(T* object) noexcept {
    Ref ref;
    ref.object_ = object;
    return ref;
  }
  Ref(const Ref& other) noexcept : Ref(other.object_) {}
  Ref(Ref&& other) noexcept : object_(std::exchange(other.object_, nullptr)) {}
  template <typename U>
  requires std::is_convertible_v<U*, T*> Ref(Ref<U> other)
  noexcept : object_(other.detach()) {}
  Ref& operator=(Ref other) noexcept {
    std::swap(object_, other.object_);
    return *this;
  }
  ~Ref() {
    if (object_ != nullptr) object_->release();
  }

  T* get() const noexcept { return object_; }
  T* operator->() const noexcept { return object_; }
  T& operator*() const noexcept { return *object_; }
  explicit operator bool() const noexcept { return object_ != nullptr; }
  bool operator==(const Ref& other) const noexcept { return object_ == other.object_; }

  // Hands the reference to the caller.
  T* detach() noexcept { return std::exchange(object_, nullptr); }

 private:
  T* object_ = nullptr;
};

template <typename T, typename... Args>
Ref<T> make_ref(Args&&... args) {
  return Ref<T>::adopt(new T(std::forward<Args>(args)...));
}

}  // namespace tt
