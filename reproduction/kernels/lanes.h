// Four channels of a pixel at a time on the GPU: one access to memory, one computation of where they lie.
#pragma once
#include "device.h"
#include "scalar.h"

constexpr int LANES = 4;

struct alignas(16) V {
  float lane[LANES];
};

// Each lane from f(number of the lane).
template <class F>
FUNCTION V lanes(const F& f) {
  V result;
#pragma unroll
  for (int i = 0; i < LANES; i++) result.lane[i] = f(i);
  return result;
}

FUNCTION V all(float value) {
  return lanes([&](int) { return value; });
}
FUNCTION V operator+(const V& a, const V& b) {
  return lanes([&](int i) { return a.lane[i] + b.lane[i]; });
}
FUNCTION V operator-(const V& a, const V& b) {
  return lanes([&](int i) { return a.lane[i] - b.lane[i]; });
}
FUNCTION V operator*(const V& a, const V& b) {
  return lanes([&](int i) { return a.lane[i] * b.lane[i]; });
}
FUNCTION V operator/(const V& a, const V& b) {
  return lanes([&](int i) { return a.lane[i] / b.lane[i]; });
}
FUNCTION V operator+(const V& a, float b) { return a + all(b); }
FUNCTION V operator*(const V& a, float b) { return a * all(b); }

FUNCTION V inverse(const V& d) {
  return lanes([&](int i) { return inverse(d.lane[i]); });
}
FUNCTION V inverse_root(const V& d) {
  return lanes([&](int i) { return inverse_root(d.lane[i]); });
}
FUNCTION V inverse_fourth_root(const V& d) {
  return lanes([&](int i) { return inverse_fourth_root(d.lane[i]); });
}
FUNCTION V raised(const V& d, float power) {
  return lanes([&](int i) { return raised(d.lane[i], power); });
}
// a * b + sum, rounded once.
FUNCTION V multiplied_and_added(const V& a, const V& b, const V& sum) {
  return lanes([&](int i) { return __fmaf_rn(a.lane[i], b.lane[i], sum.lane[i]); });
}

FUNCTION V load(const float* from) { return *reinterpret_cast<const V*>(from); }
// Into shared memory.
FUNCTION void store(float* to, const V& value) {
#ifdef __CUDA_ARCH__  // the compiler would make four stores of it
  asm volatile("st.shared.v4.f32 [%0], {%1, %2, %3, %4};" ::"r"((unsigned)__cvta_generic_to_shared(to)),
               "f"(value.lane[0]), "f"(value.lane[1]), "f"(value.lane[2]), "f"(value.lane[3])
               : "memory");
#else
  *reinterpret_cast<V*>(to) = value;
#endif
}

// What four scalars are in memory, where they begin at a multiple of their size together.
template <class T>
struct alignas(LANES * sizeof(T)) Four {
  T lane[LANES];
};

#if SCALAR_NUMBER(SCALAR) != SCALAR_float
FUNCTION float as_float(float value) { return value; }
#endif

FUNCTION void store_four(SCALAR* to, const Four<SCALAR>& four) {
#ifdef __CUDA_ARCH__
  constexpr int words = sizeof(four) / 4;
  unsigned bits[words];
  memcpy(bits, &four, sizeof(four));
  if constexpr (words == 4)
    asm volatile("st.global.v4.u32 [%0], {%1, %2, %3, %4};" ::"l"(to), "r"(bits[0]), "r"(bits[1]),
                 "r"(bits[words - 2]), "r"(bits[words - 1])
                 : "memory");
  else
    asm volatile("st.global.v2.u32 [%0], {%1, %2};" ::"l"(to), "r"(bits[0]), "r"(bits[1]) : "memory");
#else
  *reinterpret_cast<Four<SCALAR>*>(to) = four;
#endif
}

// The first `count` of the lanes lie in memory; the others are 0, and are not written. WHOLE: all four do, aligned.
template <bool WHOLE, class T>
FUNCTION V load_part(const T* from, int count) {
  if constexpr (WHOLE) {
    Four<T> four = *reinterpret_cast<const Four<T>*>(from);
    return lanes([&](int i) { return as_float(four.lane[i]); });
  }
  return lanes([&](int i) { return i < count ? as_float(from[i]) : 0.0f; });
}

template <bool WHOLE>
FUNCTION void store_part(SCALAR* to, const V& value, int count) {
  if constexpr (WHOLE) {
    Four<SCALAR> four;
#pragma unroll
    for (int i = 0; i < LANES; i++) four.lane[i] = as_scalar(value.lane[i]);
    store_four(to, four);
  } else {
#pragma unroll
    for (int i = 0; i < LANES; i++)
      if (i < count) to[i] = as_scalar(value.lane[i]);
  }
}
