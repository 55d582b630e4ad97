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

// The first `count` lanes, then zeros.
static inline V first_lanes(V value, int count) {
  float lanes[LANES];
  store(lanes, value);
  return load_part(lanes, count);
}

// Lanes by ... by + LANES - 1 of `low` and, after it, `high`; `by` from 0 to LANES.
static inline V shifted(V low, V high, int by) {
#if defined(__AVX512F__)
  __m512i from = _mm512_add_epi32(
      _mm512_set_epi32(15, 14, 13, 12, 11, 10, 9, 8, 7, 6, 5, 4, 3, 2, 1, 0), _mm512_set1_epi32(by));
  return by == LANES ? high : (V)_mm512_permutex2var_ps((__m512)low, from, (__m512)high);
#elif defined(__AVX2__)
  __m256i from = _mm256_add_epi32(_mm256_set_epi32(7, 6, 5, 4, 3, 2, 1, 0), _mm256_set1_epi32(by));
  __m256 of_low = _mm256_permutevar8x32_ps((__m256)low, from), of_high = _mm256_permutevar8x32_ps((__m256)high, from);
  __m256i in_high = _mm256_cmpgt_epi32(from, _mm256_set1_epi32(7));
  return by == LANES ? high : (V)_mm256_blendv_ps(of_low, of_high, _mm256_castsi256_ps(in_high));
#else
  float both[2 * LANES];
  store(both, low);
  store(both + LANES, high);
  return load(both + by);
#endif
}

// The larger of each pair; `other` where one of them is NaN.
static inline V larger(V one, V other) {
#if defined(__AVX512F__)
  return (V)_mm512_max_ps((__m512)one, (__m512)other);
#elif defined(__AVX__)
  return (V)_mm256_max_ps((__m256)one, (__m256)other);
#else
  return one > other ? one : other;
#endif
}

static inline V root(V d) {
#if defined(__AVX__) && !defined(__AVX512F__)
  return (V)_mm256_sqrt_ps((__m256)d);
#else
  for (int lane = 0; lane < LANES; lane++) d[lane] = std::sqrt(d[lane]);
  return d;
#endif
}

static inline V inverse(V d) { return 1.0f / d; }

// With AVX-512 both roots are an estimate, good to 14 bits, and one step of Newton's: 2e-7 in all. Of infinity the
// step would make a NaN.
static inline V inverse_root(V d) {
#if defined(__AVX512F__)
  V r = (V)_mm512_rsqrt14_ps((__m512)d);
  V better = r * (1.5f - 0.5f * d * r * r);
  return d == INFINITY ? V{} : better;
#else
  return 1.0f / root(d);
#endif
}

static inline V inverse_fourth_root(V d) {
#if defined(__AVX512F__)
  V r = (V)_mm512_rsqrt14_ps((__m512)d);
  V q = r * (V)_mm512_rsqrt14_ps((__m512)r), square = q * q;
  V better = q * (1.25f - 0.25f * d * square * square);
  return d == INFINITY ? V{} : better;
#else
  return root(inverse_root(d));
#endif
}

static inline V raised(V d, float power) {
  for (int lane = 0; lane < LANES; lane++) d[lane] = std::pow(d[lane], power);
  return d;
}
