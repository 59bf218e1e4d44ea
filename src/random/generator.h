// Random number generators. Two engines behind one object:
//
// - mt19937, the default: PyTorch's CPU stream, number for number (random_fill.h says how each op draws from
// it);
// - Philox4x32-10, counter-based: element i of a fill depends on the seed, the generator's offset and i
// alone, so every
//   device yields the same numbers in any order (philox.h).
#pragma once

#include <cstdint>
#include <optional>
#include <span>
#include <vector>

#include "base/device.h"
#include "base/mutex.h"
#include "kernels/philox.h"
#include "base/ref.h"

namespace tt {

// Values are part of the C ABI and of saved states.
enum class Engine : int32_t { kMt19937 = 0, kPhilox = 1 };

// What a new generator is seeded with; PyTorch's default_rng_seed_val.
inline constexpr uint64_t kDefaultSeed = 67280421310721u;

// Matsumoto and Nishimura's MT19937, seeded by init_genrand with the low 32 bits of the seed.
class Mt19937 {
 public:
  static constexpr uint32_t kWords = 624;

  explicit Mt19937(uint64_t seed = kDefaultSeed) { init(seed); }
  void init(uint64_t seed);

  uint32_t operator()() {
    if (next_ == kWords) regenerate();
    uint32_t y = words_[next_++];
    y ^= y >> 11;
    y ^= (y << 7) & 0x9d2c5680u;
    y ^= (y << 15) & 0xefc60000u;
    return y ^ (y >> 18);
  }

  uint32_t next() const { return next_; }
  std::span<const uint32_t> words() const { return words_; }
  void restore(uint32_t next, std::span<const uint32_t> words);

  // Notes in `kept` how to go back to what is now. The words are copied when they first change, which few
  // draws do.
  struct Kept {
    uint32_t next;
    uint32_t words[kWords];
  };
  void keep_in(Kept& kept) {
    kept.next = next_;
    kept_ = &kept;
  }
  void keep_no_more() { kept_ = nullptr; }
  void go_back(const Kept& kept);

 private:
  void regenerate();

  uint32_t next_;
  uint32_t words_[kWords];
  Kept* kept_ = nullptr;  // whose words are still to be copied
};

class Generator;

// A failed call leaves generators as they were, wherever it failed. A generator notes its state before the
// first draw of a call, and goes back to it where the call fails. Calls that a callback makes are a part of
// the one that called back: their draws are taken back with it, and not where one of them fails alone.
class DrawLog {
 public:
  // Every call of the C API says that it begins, and whether it has failed.
  static void begin_call() { ++t_log.call; }
  static void call_failed() noexcept;
  // The number of the call that the thread is in.
  static uint64_t call() { return t_log.call; }
  // What has been drawn so far stays drawn: an object has changed along with the generator.
  static void keep() noexcept;

  // Around a callback.
  class Callback {
   public:
    Callback() : call_(t_log.call) {
      if (t_log.depth++ == 0) t_log.outermost = call_;
    }
    ~Callback() {
      --t_log.depth;
      t_log.call = call_;
    }
    Callback(const Callback&) = delete;
    Callback& operator=(const Callback&) = delete;

   private:
    const uint64_t call_;
  };

 private:
  friend class Generator;
  static constexpr uint32_t kMost = 6;  // generators in one call; of more the rest does not go back
  struct State {
    uint64_t call;       // the one that the thread is in
    uint64_t outermost;  // in a callback, the call that the host has made
    uint64_t drawn_in;   // the call that `drawn` is of
    uint32_t depth;      // of callbacks
    uint32_t count;
    Generator* drawn[kMost];
  };
  [[gnu::tls_model("initial-exec")]] static constinit thread_local State t_log;
};

class Generator final : public RefCounted {
 public:
  explicit Generator(Engine engine = Engine::kMt19937, uint64_t seed = kDefaultSeed);

  Engine engine() const { return engine_; }

  // Each of these takes the lock.
  void manual_seed(uint64_t seed);  // also forgets the cached normal samples and rewinds the offset
  uint64_t seed();                  // seeds from the system's entropy, returns the seed
  uint64_t initial_seed() const;
  Ref<Generator> clone() const;

  // The whole state, caches included, in a little-endian format of its own:
  //   0 "TTGN"   4 version = 1   8 engine   12 flags (1: float sample cached, 2: double sample cached)
  //   16 seed (8 bytes)   24 cached double (8)   32 cached float (4)   36 zero (4), then
  //   mt19937: 40 position in 0..624 (4), 44 the 624 words; 2540 bytes in all
  //   philox:  40 offset in blocks (8), 48 words drawn of the block before it, 0..3 (4), 52 zero (4); 56
  //   bytes
  std::vector<uint8_t> get_state() const;
  // Changes nothing when it refuses. The state must be of this generator's engine.
  void set_state(std::span<const uint8_t> state);

  // Philox: the number of 128-bit blocks used up so far; PyTorch's offset is in words, four times this.
  uint64_t offset() const;
  void set_offset(uint64_t offset);
  // Philox: sets `blocks` blocks aside for one fill. Its first block's index is `offset`.
  using Reservation = philox::Start;
  Reservation reserve(uint64_t blocks);

  // Held while drawing, so that one op's numbers are consecutive. The calls below do not take it.
  class Drawing {
   public:
    explicit Drawing(Generator& generator) : lock_(generator.mutex_) { generator.keep_state(); }

   private:
    const Lock lock_;
  };

  // For a fill of the device's memory. In a fill that is captured into a graph every replay sets blocks of
  // its own aside, and the capture none.
  Reservation reserve_locked(uint64_t blocks, Device device = {});
  uint32_t random() {
    if (engine_ == Engine::kMt19937) return mt_();
    return philox_word();
  }
  // The first draw is the high half.
  uint64_t random64() {
    const uint64_t high = random();
    return high << 32 | random();
  }
  Mt19937& mt() { return mt_; }

  // Box-Muller makes two samples; the second waits here for the next call.
  std::optional<float> next_float_normal_sample() const { return now_.float_sample; }
  void set_next_float_normal_sample(std::optional<float> sample) { now_.float_sample = sample; }
  std::optional<double> next_double_normal_sample() const { return now_.double_sample; }
  void set_next_double_normal_sample(std::optional<double> sample) { now_.double_sample = sample; }

 private:
  friend class DrawLog;
  // All but the mt19937's words.
  struct Numbers {
    uint32_t drawn = 0;  // words drawn of block offset - 1; 0 and 4 both mean that none is left
    uint64_t seed = 0;
    uint64_t offset = 0;
    std::optional<float> float_sample;
    std::optional<double> double_sample;
  };
  // The state before the first draw of a call.
  struct Kept {
    const void* thread;  // its log
    uint64_t call;       // 0: nothing is kept
    Numbers now;
    Mt19937::Kept mt;
  };
  ~Generator() override;
  void manual_seed_locked(uint64_t seed);
  uint32_t philox_word();
  void keep_state() noexcept;
  void forget_state() noexcept;
  bool is_kept() const;

  const Engine engine_;
  Numbers now_;
  mutable Mutex mutex_{LockLevel::kGenerator};
  Mt19937 mt_;
  Kept kept_;
};

// The device's generator, which ops use where none is given: mt19937 for the CPU, Philox for others. It lives
// until the process ends.
Generator& default_generator(Device device = {});

// Seeds every default generator, those too that no one has used yet.
void manual_seed(uint64_t seed);

}  // namespace tt
