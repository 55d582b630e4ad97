// As tile.h, on the tensor cores: pieces of both matrices in shared memory, from where each warp of a block takes
// fragments (fragments.h) for a quarter of the tile's rows and half of its columns. Sums are float32; values are
// SCALAR as they come, but float is rounded to tf32, to 11 bits of precision.
#pragma once
#include "block.h"
#include "fragments.h"

constexpr int WORDS = 16;                                   // of the depth at a time, 32 bits each
constexpr int STEP = WORDS * 4 / (int)sizeof(SCALAR);       // the same in values
constexpr int PITCH = WORDS + 4;                            // words of a row: the threads of a warp read 32 banks
constexpr int WARP_ROWS = TILE_ROWS / 4, WARP_COLUMNS = TILE_COLUMNS / 2;
constexpr int FRAGMENTS_DOWN = WARP_ROWS / 16, FRAGMENTS_ACROSS = WARP_COLUMNS / 8;  // fragments of a warp
static_assert(THREADS == 4 * 2 * 32, "one part of the tile for each warp");

// What a tensor core reads of a float: its first 19 bits, here rounded to nearest, of ties away from zero.
FUNCTION float rounded(float value) {
  unsigned bits = __float_as_int(value);
  bool finite = (bits & 0x7f800000u) != 0x7f800000u;
  return finite ? __int_as_float((bits + 0x1000u) & 0xffffe000u) : value;
}
template <class Scalar>
FUNCTION Scalar rounded(Scalar value) {
  return value;
}

// Sums of a warp's part of the tile over one piece of the depth.
FUNCTION void add_fragments(float (&sums)[FRAGMENTS_DOWN][FRAGMENTS_ACROSS][4], const unsigned* left,
                            const unsigned* right) {
  int lane = threadIdx.x % 32, warp = threadIdx.x / 32;
  const unsigned* a_rows = left + (warp / 2 * WARP_ROWS + lane / 4) * PITCH + lane % 4;
  const unsigned* b_rows = right + (warp % 2 * WARP_COLUMNS + lane / 4) * PITCH + lane % 4;
#pragma unroll
  for (int w = 0; w < WORDS; w += 8) {
    unsigned b[FRAGMENTS_ACROSS][2];
#pragma unroll
    for (int c = 0; c < FRAGMENTS_ACROSS; c++)
      b[c][0] = b_rows[c * 8 * PITCH + w], b[c][1] = b_rows[c * 8 * PITCH + w + 4];
#pragma unroll
    for (int r = 0; r < FRAGMENTS_DOWN; r++) {
      const unsigned* row = a_rows + r * 16 * PITCH + w;
      unsigned a[4] = {row[0], row[8 * PITCH], row[4], row[8 * PITCH + 4]};
#pragma unroll
      for (int c = 0; c < FRAGMENTS_ACROSS; c++) multiply_fragments(sums[r][c], a, b[c]);
    }
  }
}

// store(row, column, sum) for every value of the block's tile, the depth from `begin` to `end` - 1.
template <class A, class B, class Store>
FUNCTION void multiply(const A& a, const B& b, const Tile& tile, int begin, int end, const Store& store) {
  alignas(16) __shared__ unsigned left_words[TILE_ROWS * PITCH], right_words[TILE_COLUMNS * PITCH];
  constexpr int ROW = PITCH * 4 / (int)sizeof(SCALAR);
  SCALAR *left_values = reinterpret_cast<SCALAR*>(left_words), *right_values = reinterpret_cast<SCALAR*>(right_words);
  Piece<A, TILE_ROWS, STEP> left(a, tile.row);
  Piece<B, TILE_COLUMNS, STEP> right(b, tile.column);
  float sums[FRAGMENTS_DOWN][FRAGMENTS_ACROSS][4] = {};
  for (int d = begin - STEP; d < end; d += STEP) {
    if (d >= begin) {
      left.hand_over([&](int r, int k, SCALAR value) { left_values[r * ROW + k] = rounded(value); });
      right.hand_over([&](int c, int k, SCALAR value) { right_values[c * ROW + k] = rounded(value); });
    }
    __syncthreads();
    left.fetch_at(d + STEP, end), right.fetch_at(d + STEP, end);
    if (d < begin) continue;
    add_fragments(sums, left_words, right_words);
    __syncthreads();
  }
  int lane = threadIdx.x % 32, warp = threadIdx.x / 32;
  int row = warp / 2 * WARP_ROWS + lane / 4, column = warp % 2 * WARP_COLUMNS + lane % 4 * 2;
#pragma unroll
  for (int r = 0; r < FRAGMENTS_DOWN; r++)
#pragma unroll
    for (int c = 0; c < FRAGMENTS_ACROSS; c++)
#pragma unroll
      for (int i = 0; i < 4; i++) tile.store(row + r * 16 + i / 2 * 8, column + c * 8 + i % 2, sums[r][c][i], store);
}
