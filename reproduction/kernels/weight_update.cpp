// The update of all weights of a network on the CPU: one pass over W, V and G, in chunks over all arrays.
#include <algorithm>
#include <cmath>
#include <cstdint>

#include "parallel.h"

#define EXPORT extern "C" __attribute__((visibility("default")))
#define FUNCTION static inline __attribute__((always_inline))

// As in torch, whose sums are fused wherever the processor has such an instruction.
FUNCTION float multiply_add(float a, float b, float c) {
#if defined(__FP_FAST_FMAF) || defined(__FMA__) || defined(__ARM_FEATURE_FMA)
  return std::fma(a, b, c);
#else
  return a * b + c;
#endif
}

#include "weight_update.h"

namespace {

template <bool DECAYS, bool MOVES>
void move_values(const Array& array, int64_t begin, int64_t end) {
  float *__restrict weights = array.weights, *__restrict velocity = array.velocity;
  const float* __restrict descent = array.descent;
  float momentum = array.momentum, rate = array.rate, decay = array.decay;
  for (int64_t i = begin; i < end; i++)
    move_value<DECAYS, MOVES>(weights[i], velocity[i], descent[i], momentum, rate, decay);
}

}  // namespace

EXPORT void update(const Array* arrays, int count, int64_t chunks, int64_t chunk_size, int threads) {
  for_each_chunk(chunks, threads, [&] {
    return [&](int64_t chunk) {
      const Array& array = array_of(arrays, count, chunk);
      int64_t begin = (chunk - array.first_chunk) * chunk_size;
      int64_t end = std::min<int64_t>(array.size, begin + chunk_size);
      auto moving = array.decay != 0 ? (array.moves ? move_values<true, true> : move_values<true, false>)
                                     : (array.moves ? move_values<false, true> : move_values<false, false>);
      moving(array, begin, end);
    };
  });
}
