// Runs CUDA sources on the CPU: what they use of the language, and their threads. Included before a `.cu`.
//
// The blocks of a grid run one after the other. The threads of a block are fibres, which is quick, or with
// SHIM_THREADS true threads, so that the sanitizers see them as they see any. A barrier that some threads of a
// block never reach ends the program (with fibres; with threads it would wait for ever). Before every block the
// dynamic shared memory is filled with NaNs, so that what was not written shows when it is read.
#pragma once
#include <cmath>
#include <cstdint>
#include <cstdio>
#include <cstdlib>
#include <cstring>
#include <memory>
#include <tuple>
#include <utility>
#include <vector>

#define __global__
#define __device__
#define __host__
#define __forceinline__ inline __attribute__((always_inline))
#define __shared__ static
#define __constant__ static
#define __launch_bounds__(...)
#define __grid_constant__
#define DYNAMIC_SHARED(Type, name) Type* name = reinterpret_cast<Type*>(shim::shared_memory)

struct dim3 {
  unsigned x = 1, y = 1, z = 1;
};
struct uint3 {
  unsigned x, y, z;
};
struct alignas(8) float2 {
  float x, y;
};
struct alignas(16) float4 {
  float x, y, z, w;
};
struct alignas(8) uint2 {
  unsigned x, y;
};
struct alignas(16) uint4 {
  unsigned x, y, z, w;
};
inline float2 make_float2(float x, float y) { return {x, y}; }
inline float4 make_float4(float x, float y, float z, float w) { return {x, y, z, w}; }

inline dim3 gridDim, blockDim;
inline uint3 blockIdx;
constexpr int warpSize = 32;

namespace shim {
inline unsigned char* shared_memory;
void wait_for_block();                       // __syncthreads
void wait_for_warp();                        // __syncwarp
uint64_t* warp_places();                     // a place for a value of each thread of the warp
int lane();
int threads_in_warp();
void run(dim3 grid, dim3 block, size_t shared_bytes, void (*body)(void*), void* context);
}  // namespace shim

#ifdef SHIM_THREADS
#include "threads.h"
#else
#include "fibres.h"
#endif

inline void __syncthreads() { shim::wait_for_block(); }
inline void __syncwarp(unsigned = 0xffffffffu) { shim::wait_for_warp(); }

// ---- Shuffles among all threads of a warp

template <class T>
T shim_shuffle(T value, int from, bool there) {
  static_assert(sizeof(T) <= 8);
  uint64_t* places = shim::warp_places();
  std::memcpy(places + shim::lane(), &value, sizeof(T));
  shim::wait_for_warp();
  T result = value;
  if (there && from < shim::threads_in_warp()) std::memcpy(&result, places + from, sizeof(T));
  shim::wait_for_warp();
  return result;
}

template <class T>
T __shfl_sync(unsigned, T value, int source, int width = 32) {
  return shim_shuffle(value, shim::lane() / width * width + source % width, true);
}
template <class T>
T __shfl_xor_sync(unsigned, T value, int mask, int width = 32) {
  int from = shim::lane() ^ mask;
  return shim_shuffle(value, from, from / width == shim::lane() / width);
}
template <class T>
T __shfl_down_sync(unsigned, T value, int delta, int width = 32) {
  int from = shim::lane() + delta;
  return shim_shuffle(value, from, from / width == shim::lane() / width);
}
template <class T>
T __shfl_up_sync(unsigned, T value, int delta, int width = 32) {
  int from = shim::lane() - delta;
  return shim_shuffle(value, from, from >= 0 && from / width == shim::lane() / width);
}

// ---- Arithmetic. The host compiles with -ffp-contract=off: nothing is contracted that is not written so.

inline float rsqrtf(float x) { return 1.0f / std::sqrt(x); }
inline float __fmaf_rn(float a, float b, float c) { return std::fma(a, b, c); }
inline float __fmul_rn(float a, float b) { return a * b; }
inline float __fadd_rn(float a, float b) { return a + b; }
inline float __fdividef(float a, float b) { return a / b; }
template <class T>
T __ldg(const T* from) {
  return *from;
}
inline int min(int a, int b) { return a < b ? a : b; }
inline int max(int a, int b) { return a > b ? a : b; }
inline long long min(long long a, long long b) { return a < b ? a : b; }
inline long long max(long long a, long long b) { return a > b ? a : b; }
inline int __float_as_int(float value) {
  int bits;
  std::memcpy(&bits, &value, 4);
  return bits;
}
inline float __int_as_float(int bits) {
  float value;
  std::memcpy(&value, &bits, 4);
  return value;
}

// ---- Atomics

template <class T>
T atomicAdd(T* at, T value) {
  T old;
  __atomic_load(at, &old, __ATOMIC_RELAXED);
  for (T sum = old + value; !__atomic_compare_exchange(at, &old, &sum, false, __ATOMIC_RELAXED, __ATOMIC_RELAXED);)
    sum = old + value;
  return old;
}

// ---- Launching, with the arguments as cuLaunchKernel takes them: pointers to the values

template <class... P, size_t... I>
void shim_launch(void (*kernel)(P...), const unsigned* grid, const unsigned* block, size_t shared_bytes,
                 void** arguments, std::index_sequence<I...>) {
  auto call = [&] { kernel(*static_cast<std::remove_cv_t<P>*>(arguments[I])...); };
  shim::run({grid[0], grid[1], grid[2]}, {block[0], block[1], block[2]}, shared_bytes,
            [](void* context) { (*static_cast<decltype(call)*>(context))(); }, &call);
}

template <class... P>
void shim_launch(void (*kernel)(P...), const unsigned* grid, const unsigned* block, size_t shared_bytes,
                 void** arguments) {
  shim_launch(kernel, grid, block, shared_bytes, arguments, std::index_sequence_for<P...>());
}
