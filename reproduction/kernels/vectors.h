// Vectors of floats as wide as the processor has them, and the roots that arithmetic.h asks for.
#pragma once
#include <cmath>
#include <cstring>
#if defined(__AVX__)
#include <immintrin.h>
#endif

#define FUNCTION static inline

#if defined(__AVX512F__)
constexpr int LANES = 16;
#elif defined(__AVX__)
constexpr int LANES = 8;
#else
constexpr int LANES = 4;
#endif

typedef float V __attribute__((vector_size(4 * LANES)));
typedef float Unaligned __attribute__((vector_size(4 * LANES), aligned(4), may_alias));

static inline V load(const float* from) { return *reinterpret_cast<const Unaligned*>(from); }
static inline void store(float* to, V value) { *reinterpret_cast<Unaligned*>(to) = value; }
static inline V all(float value) { return value - V{}; }

// The first `count` lanes; the others are 0.
static inline V load_part(const float* from, int count) {
  if (count >= LANES) return load(from);
  V value{};
  std::memcpy(&value, from, count * sizeof(float));
  return value;
}
static inline void store_part(float* to, V value, int count) {
  if (count >= LANES)
    store(to, value);
  else
    std::memcpy(to, &value, count * sizeof(float));
}

static inline V root(V d) {
#if defined(__AVX512F__)
  return (V)_mm512_sqrt_ps((__m512)d);
#elif defined(__AVX__)
  return (V)_mm256_sqrt_ps((__m256)d);
#else
  for (int lane = 0; lane < LANES; lane++) d[lane] = std::sqrt(d[lane]);
  return d;
#endif
}

static inline V inverse_root(V d) {
#if defined(__AVX512F__)
  // An estimate good to 14 bits and one Newton step, 2e-7 in all; of infinity the step would make a NaN.
  V r = (V)_mm512_rsqrt14_ps((__m512)d);
  V better = r * (1.5f - 0.5f * d * r * r);
  return d == INFINITY ? V{} : better;
#else
  return 1.0f / root(d);
#endif
}

static inline V raised(V d, float power) {
  for (int lane = 0; lane < LANES; lane++) d[lane] = std::pow(d[lane], power);
  return d;
}
