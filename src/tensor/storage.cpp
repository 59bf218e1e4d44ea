#include "tensor/storage.h"

#include "device/backend.h"
#include "base/farewell.h"
#include "device/graph.h"
#include "base/live.h"

namespace tt {

namespace {
constexpr size_t kHeader = (sizeof(Storage) + kAlignment - 1) / kAlignment * kAlignment;

void* allocate_data(size_t nbytes, Device device) {
  return device.is_cpu() ? allocate_block(nbytes) : memory_of(device).allocate(nbytes, device);
}
void free_data(void* data, size_t nbytes, Device device) noexcept {
  if (device.is_cpu()) {
    free_block(data, nbytes);
  } else {
    memory_of(device).deallocate(data, nbytes, device);
  }
}
Ref<Storage> counted(Storage* storage) {
  count_live(Counted::kStorages, 1);
  return Ref<Storage>::adopt(storage);
}

}  // namespace

Ref<Storage> Storage::allocate(size_t nbytes, Device device) {
  if (device.is_cpu()) {
    if (HostCapture* capture = HostCapture::current()) [[unlikely]] {
      Ref<Storage> storage = capture->allocate(nbytes);
      storage->captured_ = Graph::capturing(device)->run();
      return storage;
    }
  }
  if (device.is_cpu() && kHeader + nbytes <= kSmallBlockLimit) {
    void* block = allocate_block(kHeader + nbytes);
    return counted(::new (block) Storage(static_cast<char*>(block) + kHeader, nbytes, device, Place::kInline,
                                         static_cast<uint32_t>(kHeader + nbytes)));
  }
  void* header = allocate_block(sizeof(Storage));
  try {
    void* data = allocate_data(nbytes, device);
    Ref<Storage> storage =
        counted(::new (header) Storage(data, nbytes, device, Place::kBlock, sizeof(Storage)));
    if (const Graph* graph = Graph::capturing(device)) storage->captured_ = graph->run();
    return storage;
  } catch (...) {
    free_block(header, sizeof(Storage));
    throw;
  }
}

namespace {

// The host's memory, when the last tensor has let go of it.
struct LentMemory : Farewell {
  LentMemory(void* data_, Storage::Deleter deleter_, void* context_, size_t bytes_)
      : Farewell{give_back}, data(data_), deleter(deleter_), context(context_), bytes(bytes_) {}

  static void give_back(Farewell* self) noexcept {
    const LentMemory memory = *static_cast<LentMemory*>(self);
    free_block(self, memory.bytes);
    memory.deleter(memory.data, memory.context);
  }

  void* data;
  Storage::Deleter deleter;
  void* context;
  size_t bytes;  // of the block this lies in
};
static_assert(sizeof(LentMemory) <= sizeof(Storage));

// A device's, which is done with it before.
void give_back_lent(void*, void* lent) { depart(static_cast<LentMemory*>(lent)); }

}  // namespace

Ref<Storage> Storage::wrap(void* data, size_t nbytes, Device device, Deleter deleter, void* context) {
  void* header = allocate_block(sizeof(Storage));
  Ref<Storage> storage =
      counted(::new (header) Storage(data, nbytes, device, Place::kExternal, sizeof(Storage)));
  if (device.is_cpu()) {
    storage->set_deleter(deleter, context);
  } else if (deleter != nullptr) {
    void* const block = allocate_block(sizeof(LentMemory));
    try {
      auto* const lent = ::new (block) LentMemory(data, deleter, context, sizeof(LentMemory));
      storage->context_ = memory_of(device).borrow(data, device, give_back_lent, lent);
    } catch (...) {
      free_block(block, sizeof(LentMemory));
      throw;
    }
  }
  return storage;
}

Ref<Storage> Storage::allocate_pinned(size_t nbytes, DeviceType type) {
  DeviceMemory& memory = *load_plugin_backend(type).memory;
  const Ref<Storage> storage = wrap(nullptr, nbytes, Device{}, nullptr, nullptr);
  storage->data_ = memory.allocate_host(nbytes);
  storage->context_ = &memory;
  storage->pinned_ = true;
  return storage;
}

Storage::~Storage() {
  count_live(Counted::kStorages, -1);
  if (place_ == Place::kBlock) free_data(data_, nbytes_, device_);
  if (pinned_) static_cast<DeviceMemory*>(context_)->deallocate_host(data_);
  if (!device_.is_cpu() && context_ != nullptr) memory_of(device_).give_back(context_, device_);
  if (deleter_ != nullptr) deleter_(data_, context_);
}

void Storage::operator delete(Storage* self, std::destroying_delete_t) noexcept {
  const uint32_t header_bytes = self->header_bytes_;
  const Deleter deleter = self->place_ == Place::kExternal ? std::exchange(self->deleter_, nullptr) : nullptr;
  void *const data = self->data_, *const context = self->context_;
  self->~Storage();
  if (deleter == nullptr) return free_block(self, header_bytes);
  depart(::new (static_cast<void*>(self)) LentMemory(data, deleter, context, header_bytes));
}

void Storage::note_use() const {
  if (captured_ && !captured_->done.load(std::memory_order_acquire)) {
    Graph* const graph = Graph::capturing(device_);
    TT_CHECK(graph != nullptr, Status::kInvalidArgument,
             "a tensor that a captured graph computes has no values yet: replay the graph first");
    graph->add_needed(captured_);
  }
  if (HostCapture* capture = device_.is_cpu() ? HostCapture::current() : nullptr) capture->use(*this);
}

void Storage::grow(size_t nbytes) {
  TT_CHECK(resizable(), Status::kInvalidArgument,
           "the tensor's memory cannot be resized: it is not the library's own, or lies on a device");
  if (nbytes <= nbytes_) return;
  TT_CHECK(graphs_.load(std::memory_order_relaxed) == 0, Status::kInvalidArgument,
           "the tensor's memory cannot be resized: a captured graph uses it");
  void* data = allocate_data(nbytes, device_);
  memory_of(device_).copy_bytes(data, device_, data_, device_, nbytes_);
  if (place_ == Place::kBlock) free_data(data_, nbytes_, device_);
  data_ = data;
  nbytes_ = nbytes;
  place_ = Place::kBlock;
}

}  // namespace tt
