// The type that a CUDA kernel reads and writes values in: -DSCALAR=float, __half or __nv_bfloat16. It computes in
// float. Of NVIDIA's headers just the one for that type is read: float needs none, which not every machine has.
#pragma once
#define SCALAR_float 0
#define SCALAR___half 1
#define SCALAR___nv_bfloat16 2
#define SCALAR_JOINED(name) SCALAR_##name
#define SCALAR_NUMBER(name) SCALAR_JOINED(name)

#if SCALAR_NUMBER(SCALAR) == SCALAR___half
#include <cuda_fp16.h>
static __device__ __forceinline__ float as_float(__half value) { return __half2float(value); }
static __device__ __forceinline__ __half as_scalar(float value) { return __float2half_rn(value); }
#elif SCALAR_NUMBER(SCALAR) == SCALAR___nv_bfloat16
#include <cuda_bf16.h>
static __device__ __forceinline__ float as_float(__nv_bfloat16 value) { return __bfloat162float(value); }
static __device__ __forceinline__ __nv_bfloat16 as_scalar(float value) { return __float2bfloat16_rn(value); }
#else
static __device__ __forceinline__ float as_float(float value) { return value; }
static __device__ __forceinline__ float as_scalar(float value) { return value; }
#endif
