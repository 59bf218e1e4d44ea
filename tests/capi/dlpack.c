/* DLPack in and out: the values, read-only memory, who frees what and when, structs that must be refused. */
#include <stdint.h>

#include "check.h"

/* The structures of dlpack.h 1.0, written from their specification. */
typedef struct {
  int32_t device_type;
  int32_t device_id;
} DLDevice;
typedef struct {
  uint8_t code;
  uint8_t bits;
  uint16_t lanes;
} DLDataType;
typedef struct {
  void* data;
  DLDevice device;
  int32_t ndim;
  DLDataType dtype;
  int64_t* shape;
  int64_t* strides;
  uint64_t byte_offset;
} DLTensor;
struct DLManagedTensor {
  DLTensor dl_tensor;
  void* manager_ctx;
  void (*deleter)(struct DLManagedTensor* self);
};
struct DLManagedTensorVersioned {
  struct {
    uint32_t major;
    uint32_t minor;
  } version;
  void* manager_ctx;
  void (*deleter)(struct DLManagedTensorVersioned* self);
  uint64_t flags;
  DLTensor dl_tensor;
};
typedef struct DLManagedTensor Legacy;
typedef struct DLManagedTensorVersioned Versioned;

enum { kCPU = 1, kOpenCL = 4, kInt = 0, kUInt = 1, kFloat = 2, kComplex = 5, kReadOnly = 1 };

static int deleted = 0;
static void count_versioned(Versioned* self) {
  (void)self;
  ++deleted;
}
static void count_legacy(Legacy* self) {
  (void)self;
  ++deleted;
}

static float memory[6] = {1, 2, 3, 4, 5, 6};
static int64_t shape[2] = {2, 3};

static Versioned versioned(void) {
  Versioned out;
  memset(&out, 0, sizeof out);
  out.version.major = 1;
  out.deleter = count_versioned;
  out.dl_tensor.data = memory;
  out.dl_tensor.device.device_type = kCPU;
  out.dl_tensor.ndim = 2;
  out.dl_tensor.dtype.code = kFloat;
  out.dl_tensor.dtype.bits = 32;
  out.dl_tensor.dtype.lanes = 1;
  out.dl_tensor.shape = shape;
  return out;
}

static void import(void) {
  Versioned managed = versioned();
  tt_tensor *t = NULL, *view = NULL, *sum = NULL;
  deleted = 0;
  OK(tt_from_dlpack(&managed, &t));
  void* data = NULL;
  OK(tt_tensor_data(t, &data));
  CHECK(data == (void*)memory);
  OK(tt_add_scalar_(t, 10)); /* the caller's memory itself */
  CHECK(memory[0] == 11.0F && memory[5] == 16.0F);
  OK(tt_transpose(t, 0, 1, &view));
  tt_tensor_release(t);
  CHECK(deleted == 0); /* a view is left */
  OK(tt_add(view, view, &sum));
  CHECK(at(sum, 1) == 28.0F || at(sum, 1) == 24.0F);
  tt_tensor_release(view);
  CHECK(deleted == 1);
  tt_tensor_release(sum);
  for (int i = 0; i < 6; ++i) memory[i] = (float)(i + 1);

  /* Strides and an offset. */
  int64_t strides[2] = {1, 2};
  managed = versioned();
  managed.dl_tensor.strides = strides;
  managed.dl_tensor.byte_offset = sizeof(float);
  int64_t small[2] = {2, 2};
  managed.dl_tensor.shape = small;
  OK(tt_from_dlpack(&managed, &t));
  OK(tt_clone(t, &sum));
  tt_tensor* dense = NULL;
  OK(tt_contiguous(sum, &dense));
  CHECK(at(dense, 0) == 2.0F && at(dense, 1) == 4.0F && at(dense, 2) == 3.0F && at(dense, 3) == 5.0F);
  tt_tensor_release(dense);
  tt_tensor_release(sum);
  tt_tensor_release(t);
  CHECK(deleted == 2);

  /* No deleter is fine. */
  managed = versioned();
  managed.deleter = NULL;
  OK(tt_from_dlpack(&managed, &t));
  tt_tensor_release(t);
  CHECK(deleted == 2);
}

static void import_legacy(void) {
  Legacy managed;
  memset(&managed, 0, sizeof managed);
  managed.dl_tensor = versioned().dl_tensor;
  managed.deleter = count_legacy;
  tt_tensor* t = NULL;
  deleted = 0;
  OK(tt_from_dlpack_legacy(&managed, &t));
  CHECK(at(t, 4) == 5.0F);
  tt_tensor_release(t);
  CHECK(deleted == 1);
}

static void read_only(void) {
  Versioned managed = versioned();
  managed.flags = kReadOnly;
  tt_tensor *t = NULL, *view = NULL, *twice = NULL;
  deleted = 0;
  OK(tt_from_dlpack(&managed, &t));
  OK(tt_add(t, t, &twice));
  CHECK(at(twice, 2) == 6.0F);
  CHECK(tt_add_scalar_(t, 1) != TT_OK);
  CHECK(strstr(tt_last_error(), "read-only") != NULL);
  OK(tt_t(t, &view));
  CHECK(tt_mul_scalar_(view, 2) != TT_OK);
  CHECK(memory[0] == 1.0F);
  Versioned* back = NULL;
  OK(tt_to_dlpack(t, NULL, &back)); /* says so on its way out */
  CHECK((back->flags & kReadOnly) != 0);
  back->deleter(back);
  Legacy* cannot = (Legacy*)(uintptr_t)64;
  FAILS(tt_to_dlpack_legacy(t, NULL, &cannot), TT_ERR_INVALID_ARGUMENT, "read-only");
  CHECK(cannot == NULL || cannot == (Legacy*)(uintptr_t)64);
  tt_tensor_release(view);
  tt_tensor_release(twice);
  tt_tensor_release(t);
  CHECK(deleted == 1);
}

static void refused(void) {
  tt_tensor* t = (tt_tensor*)(uintptr_t)64;
  deleted = 0;
  Versioned managed = versioned();
  managed.version.major = 2;
  FAILS(tt_from_dlpack(&managed, &t), TT_ERR_FORMAT, "version 2.0");
  CHECK(t == NULL);
  managed = versioned();
  managed.dl_tensor.device.device_type = kOpenCL;
  FAILS(tt_from_dlpack(&managed, &t), TT_ERR_DEVICE, "4");
  managed = versioned();
  managed.dl_tensor.dtype.code = kComplex;
  managed.dl_tensor.dtype.bits = 64;
  FAILS(tt_from_dlpack(&managed, &t), TT_ERR_DTYPE, "64");
  managed = versioned();
  managed.dl_tensor.dtype.lanes = 4;
  FAILS(tt_from_dlpack(&managed, &t), TT_ERR_DTYPE, "4 lanes");
  managed = versioned();
  managed.dl_tensor.dtype.code = kUInt;
  managed.dl_tensor.dtype.bits = 32;
  FAILS(tt_from_dlpack(&managed, &t), TT_ERR_DTYPE, "32");
  managed = versioned();
  managed.dl_tensor.data = NULL;
  FAILS(tt_from_dlpack(&managed, &t), TT_ERR_FORMAT, "no data");
  managed = versioned();
  managed.dl_tensor.data = (char*)memory + 1;
  FAILS(tt_from_dlpack(&managed, &t), TT_ERR_FORMAT, "aligned");
  managed = versioned();
  managed.dl_tensor.ndim = -1;
  FAILS(tt_from_dlpack(&managed, &t), TT_ERR_SHAPE, "-1");
  int64_t negative[2] = {2, -3};
  managed = versioned();
  managed.dl_tensor.shape = negative;
  FAILS(tt_from_dlpack(&managed, &t), TT_ERR_SHAPE, "-3");
  int64_t huge[2] = {INT64_MAX, 3};
  managed = versioned();
  managed.dl_tensor.shape = huge;
  FAILS(tt_from_dlpack(&managed, &t), TT_ERR_SHAPE, "overflow");
  int64_t backwards[2] = {-3, 1};
  managed = versioned();
  managed.dl_tensor.strides = backwards;
  FAILS(tt_from_dlpack(&managed, &t), TT_ERR_NOT_IMPLEMENTED, "negative strides");
  FAILS(tt_from_dlpack(NULL, &t), TT_ERR_INVALID_ARGUMENT, "managed is NULL");
  managed = versioned();
  FAILS(tt_from_dlpack(&managed, NULL), TT_ERR_INVALID_ARGUMENT, "out is NULL");
  CHECK(deleted == 0); /* what was refused is the caller's still */
}

static void export_and_back(void) {
  tt_tensor *t = vector_of(memory, 6), *back = NULL, *wide = NULL;
  const int64_t sizes[2] = {2, 3};
  OK(tt_reshape(t, sizes, 2, &wide));
  Versioned* managed = NULL;
  OK(tt_to_dlpack(wide, NULL, &managed));
  CHECK(managed->version.major == 1 && managed->dl_tensor.ndim == 2 && managed->dl_tensor.shape[1] == 3);
  CHECK(managed->dl_tensor.dtype.code == kFloat && managed->dl_tensor.dtype.bits == 32 &&
        managed->flags == 0);
  tt_tensor_release(wide);
  tt_tensor_release(t); /* the exported struct keeps the memory */
  CHECK(((float*)managed->dl_tensor.data)[5] == 6.0F);
  OK(tt_from_dlpack(managed, &back));
  CHECK(at(back, 5) == 6.0F);
  tt_tensor_release(back);

  t = vector_of(memory, 6);
  Legacy* legacy = NULL;
  OK(tt_to_dlpack_legacy(t, NULL, &legacy));
  OK(tt_add_scalar_(t, 1));
  CHECK(((float*)legacy->dl_tensor.data)[0] == 2.0F); /* the same memory */
  legacy->deleter(legacy);
  OK(tt_tensor_set_requires_grad(t, 1));
  managed = (Versioned*)(uintptr_t)64;
  FAILS(tt_to_dlpack(t, NULL, &managed), TT_ERR_AUTOGRAD, "gradient");
  CHECK(managed == NULL);
  FAILS(tt_to_dlpack(NULL, NULL, &managed), TT_ERR_INVALID_ARGUMENT, "tensor is NULL");
  FAILS(tt_to_dlpack(t, NULL, NULL), TT_ERR_INVALID_ARGUMENT, "out is NULL");
  tt_tensor_release(t);
}

int main(void) {
  import();
  import_legacy();
  read_only();
  refused();
  export_and_back();
  return finish("dlpack");
}
