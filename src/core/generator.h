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

#include "core/device.h"
#include "core/mutex.h"
#include "core/philox.h"
#include "core/ref.h"

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

 private:
  void regenerate();

  uint32_t next_;
  uint32_t words_[kWords];
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
  Mutex& mutex() const { return mutex_; }

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
  std::optional<float> next_float_normal_sample() const { return float_sample_; }
  void set_next_float_normal_sample(std::optional<float> sample) { float_sample_ = sample; }
  std::optional<double> next_double_normal_sample() const { return double_sample_; }
  void set_next_double_normal_sample(std::optional<double> sample) { double_sample_ = sample; }

 private:
  ~Generator() override = default;
  void manual_seed_locked(uint64_t seed);
  uint32_t philox_word();

  const Engine engine_;
  uint32_t drawn_ = 0;  // words drawn of block offset_ - 1; 0 and 4 both mean that none is left
  uint64_t seed_;
  uint64_t offset_ = 0;
  std::optional<float> float_sample_;
  std::optional<double> double_sample_;
  mutable Mutex mutex_{LockLevel::kGenerator};
  Mt19937 mt_;
};

// The device's generator, which ops use where none is given: mt19937 for the CPU, Philox for others. It lives
// until the process ends.
Generator& default_generator(Device device = {});

// Seeds every default generator, those too that no one has used yet.
void manual_seed(uint64_t seed);

}  // namespace tt
