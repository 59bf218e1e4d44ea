#include "random/generator.h"

#include <atomic>

#include <bit>
#include <chrono>
#include <cstring>
#include <new>
#include <random>
#include <utility>

#include "base/error.h"
#include "device/graph.h"
#include "kernels/philox.h"

namespace tt {

// ---- mt19937 (Matsumoto and Nishimura 1998; initialisation of 2002) ----

void Mt19937::init(uint64_t seed) {
  words_[0] = static_cast<uint32_t>(seed);
  for (uint32_t i = 1; i < kWords; ++i) {
    words_[i] = 1812433253u * (words_[i - 1] ^ (words_[i - 1] >> 30)) + i;
  }
  next_ = kWords;
}

void Mt19937::go_back(const Kept& kept) {
  if (kept_ == nullptr) std::memcpy(words_, kept.words, sizeof words_);
  next_ = kept.next;
  kept_ = nullptr;
}

void Mt19937::restore(uint32_t next, std::span<const uint32_t> words) {
  std::memcpy(words_, words.data(), sizeof words_);
  next_ = next;
}

void Mt19937::regenerate() {
  if (kept_ != nullptr) std::memcpy(std::exchange(kept_, nullptr)->words, words_, sizeof words_);
  constexpr uint32_t kShift = 397;
  const auto twist = [this](uint32_t at, uint32_t after, uint32_t far) {
    const uint32_t joined = (words_[at] & 0x80000000u) | (words_[after] & 0x7fffffffu);
    words_[at] = words_[far] ^ (joined >> 1) ^ (0x9908b0dfu & (0u - (joined & 1u)));
  };
  uint32_t i = 0;
  for (; i < kWords - kShift; ++i) twist(i, i + 1, i + kShift);
  for (; i < kWords - 1; ++i) twist(i, i + 1, i - (kWords - kShift));
  twist(kWords - 1, 0, kShift - 1);
  next_ = 0;
}

// ---- Generator ----

namespace {

constexpr size_t kHeaderBytes = 40;
constexpr size_t kMtBytes = kHeaderBytes + 4 + 4 * Mt19937::kWords;
constexpr size_t kPhiloxBytes = kHeaderBytes + 16;
constexpr uint32_t kMagic = 0x4e475454;  // "TTGN"
constexpr uint32_t kVersion = 1;
constexpr uint32_t kFloatCached = 1;
constexpr uint32_t kDoubleCached = 2;

class Writer {
 public:
  explicit Writer(size_t size) { bytes_.reserve(size); }
  template <typename T>
  void put(T value) {
    for (size_t i = 0; i < sizeof(T); ++i) bytes_.push_back(static_cast<uint8_t>(value >> (8 * i)));
  }
  std::vector<uint8_t> take() { return std::move(bytes_); }

 private:
  std::vector<uint8_t> bytes_;
};

class Reader {
 public:
  explicit Reader(std::span<const uint8_t> bytes) : bytes_(bytes) {}
  template <typename T>
  T get() {
    T value = 0;
    for (size_t i = 0; i < sizeof(T); ++i) value |= static_cast<T>(bytes_[at_++]) << (8 * i);
    return value;
  }

 private:
  std::span<const uint8_t> bytes_;
  size_t at_ = 0;
};

uint64_t entropy() {
  try {
    std::random_device device;
    const uint64_t high = device();
    return high << 32 | device();
  } catch (...) {
    return static_cast<uint64_t>(std::chrono::steady_clock::now().time_since_epoch().count()) *
           0x9e3779b97f4a7c15u;
  }
}

}  // namespace

Generator::Generator(Engine engine, uint64_t seed)
    : RefCounted(Kind::kGenerator), engine_(engine), mt_(seed) {
  now_.seed = seed;
  kept_.thread = nullptr;
  kept_.call = 0;
  TT_CHECK(engine == Engine::kMt19937 || engine == Engine::kPhilox, Status::kInvalidArgument,
           "unknown generator engine ", static_cast<int32_t>(engine));
}

void Generator::manual_seed(uint64_t seed) {
  const Lock lock(mutex_);
  manual_seed_locked(seed);
}

void Generator::manual_seed_locked(uint64_t seed) {
  forget_state();
  now_ = {};
  now_.seed = seed;
  mt_.init(seed);
}

uint64_t Generator::seed() {
  const uint64_t seed = entropy();
  manual_seed(seed);
  return seed;
}

uint64_t Generator::initial_seed() const {
  const Lock lock(mutex_);
  return now_.seed;
}

Ref<Generator> Generator::clone() const {
  auto copy = make_ref<Generator>(engine_);
  const Lock lock(mutex_);
  copy->now_ = now_;
  copy->mt_ = mt_;
  copy->mt_.keep_no_more();
  return copy;
}

std::vector<uint8_t> Generator::get_state() const {
  const Lock lock(mutex_);
  Writer out(engine_ == Engine::kMt19937 ? kMtBytes : kPhiloxBytes);
  out.put(kMagic);
  out.put(kVersion);
  out.put(static_cast<uint32_t>(engine_));
  out.put((now_.float_sample ? kFloatCached : 0u) | (now_.double_sample ? kDoubleCached : 0u));
  out.put(now_.seed);
  out.put(std::bit_cast<uint64_t>(now_.double_sample.value_or(0.0)));
  out.put(std::bit_cast<uint32_t>(now_.float_sample.value_or(0.0f)));
  out.put(uint32_t{0});
  if (engine_ == Engine::kMt19937) {
    out.put(mt_.next());
    for (const uint32_t word : mt_.words()) out.put(word);
  } else {
    out.put(now_.offset);
    out.put(now_.drawn & 3u);
    out.put(uint32_t{0});
  }
  return out.take();
}

void Generator::set_state(std::span<const uint8_t> state) {
  const size_t expected = engine_ == Engine::kMt19937 ? kMtBytes : kPhiloxBytes;
  TT_CHECK(state.size() >= kHeaderBytes, Status::kFormat, "generator state: expected ",
           static_cast<uint64_t>(expected), " bytes, got ", static_cast<uint64_t>(state.size()));
  Reader in(state);
  TT_CHECK(in.get<uint32_t>() == kMagic, Status::kFormat, "generator state: it does not start with TTGN");
  const uint32_t version = in.get<uint32_t>();
  TT_CHECK(version == kVersion, Status::kFormat, "generator state: unknown version ", version);
  const uint32_t engine = in.get<uint32_t>();
  TT_CHECK(engine == static_cast<uint32_t>(engine_), Status::kFormat, "generator state: it is for engine ",
           engine, ", the generator is of engine ", static_cast<int32_t>(engine_));
  TT_CHECK(state.size() == expected, Status::kFormat, "generator state: expected ",
           static_cast<uint64_t>(expected), " bytes, got ", static_cast<uint64_t>(state.size()));
  const uint32_t flags = in.get<uint32_t>();
  TT_CHECK((flags & ~(kFloatCached | kDoubleCached)) == 0, Status::kFormat, "generator state: unknown flags ",
           flags);
  const uint64_t seed = in.get<uint64_t>();
  const double cached_double = std::bit_cast<double>(in.get<uint64_t>());
  const float cached_float = std::bit_cast<float>(in.get<uint32_t>());
  in.get<uint32_t>();

  const Lock lock(mutex_);
  forget_state();
  if (engine_ == Engine::kMt19937) {
    const uint32_t next = in.get<uint32_t>();
    TT_CHECK(next <= Mt19937::kWords, Status::kFormat, "generator state: position ", next, " is beyond ",
             Mt19937::kWords);
    uint32_t words[Mt19937::kWords];
    for (uint32_t& word : words) word = in.get<uint32_t>();
    mt_.restore(next, words);
  } else {
    const uint64_t offset = in.get<uint64_t>();
    const uint32_t drawn = in.get<uint32_t>();
    TT_CHECK(drawn <= 3, Status::kFormat, "generator state: ", drawn, " words drawn of a block of 4");
    now_.offset = offset;
    now_.drawn = drawn;
  }
  now_.seed = seed;
  now_.float_sample = flags & kFloatCached ? std::optional(cached_float) : std::nullopt;
  now_.double_sample = flags & kDoubleCached ? std::optional(cached_double) : std::nullopt;
}

uint64_t Generator::offset() const {
  const Lock lock(mutex_);
  return now_.offset;
}

void Generator::set_offset(uint64_t offset) {
  TT_CHECK(engine_ == Engine::kPhilox, Status::kInvalidArgument, "only a Philox generator has an offset");
  const Lock lock(mutex_);
  forget_state();
  now_.offset = offset;
  now_.drawn = 0;
}

Generator::Reservation Generator::reserve(uint64_t blocks) {
  const Drawing drawing(*this);
  return reserve_locked(blocks);
}

namespace {

class ReservedAtReplay final : public ReplayInput {
 public:
  ReservedAtReplay(Generator& generator, uint64_t blocks) : generator_(&generator), blocks_(blocks) {}
  void next(void* values) noexcept override {
    const Generator::Reservation start = generator_->reserve(blocks_);
    const uint64_t live[] = {start.seed, start.offset};
    std::memcpy(values, live, sizeof live);
  }

 private:
  const Ref<Generator> generator_;
  const uint64_t blocks_;
};

}  // namespace

Generator::Reservation Generator::reserve_locked(uint64_t blocks, Device device) {
  TT_CHECK(engine_ == Engine::kPhilox, Status::kInvalidArgument,
           "only a Philox generator can set blocks aside");
  // The CPU's draws are noted whole, and come here in replays.
  if (Graph* graph = device.is_cpu() ? nullptr : Graph::capturing(device)) {
    void* live = graph->add_input(std::make_unique<ReservedAtReplay>(*this, blocks), 2 * sizeof(uint64_t));
    return {now_.seed, now_.offset, static_cast<const uint64_t*>(live)};
  }
  const Reservation reservation{now_.seed, now_.offset};
  now_.offset += blocks;
  now_.drawn = 0;  // the rest of a block that was drawn from word by word is dropped
  return reservation;
}

uint32_t Generator::philox_word() {
  if ((now_.drawn & 3u) == 0) {
    ++now_.offset;
    now_.drawn = 0;
  }
  return philox::block(now_.seed, now_.offset - 1).word[now_.drawn++];
}

// ---- Failed calls ----

constinit thread_local DrawLog::State DrawLog::t_log = {1, 0, 0, 0, 0, {}};

bool Generator::is_kept() const {
  return kept_.call == DrawLog::t_log.drawn_in && kept_.thread == &DrawLog::t_log;
}

void Generator::keep_state() noexcept {
  DrawLog::State& log = DrawLog::t_log;
  const uint64_t call = log.depth == 0 ? log.call : log.outermost;
  if (log.drawn_in != call) {
    log.drawn_in = call;
    log.count = 0;
  }
  if (is_kept() || log.count == DrawLog::kMost) return;
  log.drawn[log.count++] = this;
  kept_.thread = &log;
  kept_.call = call;
  kept_.now = now_;
  mt_.keep_in(kept_.mt);
}

void Generator::forget_state() noexcept {
  kept_.call = 0;
  mt_.keep_no_more();
}

Generator::~Generator() {
  DrawLog::State& log = DrawLog::t_log;
  for (uint32_t i = 0; i < log.count; ++i) {
    if (log.drawn[i] == this) log.drawn[i--] = log.drawn[--log.count];
  }
}

void DrawLog::call_failed() noexcept {
  if (t_log.depth > 0 || t_log.drawn_in != t_log.call) return;
  while (t_log.count > 0) {
    Generator& generator = *t_log.drawn[--t_log.count];
    const Lock lock(generator.mutex_);
    if (!generator.is_kept()) continue;  // another thread has drawn since
    generator.now_ = generator.kept_.now;
    generator.mt_.go_back(generator.kept_.mt);
    generator.forget_state();
  }
}

void DrawLog::keep() noexcept {
  while (t_log.count > 0) {
    Generator& generator = *t_log.drawn[--t_log.count];
    const Lock lock(generator.mutex_);
    if (generator.is_kept()) generator.forget_state();
  }
}

// ---- The default generators ----

namespace {

// In static memory and never destroyed: it outlives every thread and every finaliser, and is no block of
// the caches.
Generator& cpu_generator() {
  alignas(Generator) static unsigned char place[sizeof(Generator)];
  static Generator* const generator = ::new (static_cast<void*>(place)) Generator();
  return *generator;
}

constexpr int kMaxDevices = 64;
struct DeviceGenerators {
  Mutex mutex{LockLevel::kDeviceGenerators};
  uint64_t seed = kDefaultSeed;  // of those to come
  std::atomic<Generator*> generators[kMaxDevices] = {};
};
DeviceGenerators& device_generators() {
  static DeviceGenerators& all = *new DeviceGenerators;
  return all;
}

}  // namespace

Generator& default_generator(Device device) {
  if (device.is_cpu()) return cpu_generator();
  TT_CHECK(device.index >= 0 && device.index < kMaxDevices, Status::kDevice, "invalid device ", device);
  DeviceGenerators& all = device_generators();
  std::atomic<Generator*>& slot = all.generators[device.index];
  if (Generator* generator = slot.load(std::memory_order_acquire)) return *generator;
  const Lock lock(all.mutex);
  if (slot.load(std::memory_order_relaxed) == nullptr) {
    slot.store(new Generator(Engine::kPhilox, all.seed), std::memory_order_release);
  }
  return *slot.load(std::memory_order_relaxed);
}

void manual_seed(uint64_t seed) {
  cpu_generator().manual_seed(seed);
  DeviceGenerators& all = device_generators();
  const Lock lock(all.mutex);
  all.seed = seed;
  for (std::atomic<Generator*>& slot : all.generators) {
    if (Generator* generator = slot.load(std::memory_order_relaxed)) generator->manual_seed(seed);
  }
}

}  // namespace tt
