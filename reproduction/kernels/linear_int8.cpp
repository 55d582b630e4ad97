// Fully connected layers with weights of one byte: y[n, o] = scale[o] * sum of x[n, i] W[o, i] + bias[o].
//
// For one picture a fully connected layer is as slow as its weights are large, since each is read from memory
// and used once. x stays as it is; a weight is widened to a float when it is used. Up to IMAGES_AT_ONCE images
// share a reading of the weights.
#include <algorithm>
#include <cstdint>

#include "parallel.h"
#include "vectors.h"

#define EXPORT extern "C" __attribute__((visibility("default")))

namespace {

constexpr int IMAGES_AT_ONCE = 4;
constexpr int64_t ROWS = 16;  // outputs that a thread takes at a time

inline V widened(const signed char* from) {
#if defined(__AVX512F__)
  return (V)_mm512_cvtepi32_ps(_mm512_cvtepi8_epi32(_mm_loadu_si128(reinterpret_cast<const __m128i*>(from))));
#elif defined(__AVX2__)
  return (V)_mm256_cvtepi32_ps(_mm256_cvtepi8_epi32(_mm_loadl_epi64(reinterpret_cast<const __m128i*>(from))));
#else
  V values;
  for (int lane = 0; lane < LANES; lane++) values[lane] = (float)from[lane];
  return values;
#endif
}

inline float total(V lanes) {
  float sum = 0;
  for (int lane = 0; lane < LANES; lane++) sum += lanes[lane];
  return sum;
}

// Sums of one row of weights with IMAGES images, two vectors of partial sums for each.
template <int IMAGES>
void row_sums(const float* x, int64_t inputs, const signed char* weights, float* sums) {
  V even[IMAGES] = {}, odd[IMAGES] = {};
  int64_t i = 0;
  for (; i + 2 * LANES <= inputs; i += 2 * LANES) {
    V first = widened(weights + i), second = widened(weights + i + LANES);
    for (int n = 0; n < IMAGES; n++) {
      even[n] += first * load(x + n * inputs + i);
      odd[n] += second * load(x + n * inputs + i + LANES);
    }
  }
  for (int n = 0; n < IMAGES; n++) {
    sums[n] = total(even[n] + odd[n]);
    for (int64_t rest = i; rest < inputs; rest++) sums[n] += x[n * inputs + rest] * (float)weights[rest];
  }
}

}  // namespace

// x (N, I), weights (O, I), scales and bias (O), of which the bias may be null -> y (N, O).
EXPORT void linear_int8(const float* x, const signed char* weights, const float* scales, const float* bias, float* y,
                        int64_t images, int64_t inputs, int64_t outputs, int threads) {
  for_each_chunk((outputs + ROWS - 1) / ROWS, threads, [&] {
    return [&](int64_t chunk) {
      float sums[IMAGES_AT_ONCE];
      for (int64_t first = 0; first < images; first += IMAGES_AT_ONCE)
        for (int64_t o = chunk * ROWS; o < std::min(outputs, (chunk + 1) * ROWS); o++) {
          const float* here = x + first * inputs;
          const signed char* row = weights + o * inputs;
          int64_t together = std::min<int64_t>(IMAGES_AT_ONCE, images - first);
          if (together == IMAGES_AT_ONCE)
            row_sums<IMAGES_AT_ONCE>(here, inputs, row, sums);
          else
            for (int64_t n = 0; n < together; n++) row_sums<1>(here + n * inputs, inputs, row, sums + n);
          for (int64_t n = 0; n < together; n++)
            y[(first + n) * outputs + o] = sums[n] * scales[o] + (bias ? bias[o] : 0.0f);
        }
    };
  });
}
