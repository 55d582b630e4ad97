// A product of two matrices, C[r, c] = sum over d of A[r, d] B[c, d], a tile for each block, in plain float32.
//
// As the kernels of 2012 did it: the threads of a block fetch a piece of both matrices into the memory that they share,
// each adds up a small rectangle of C in its registers, and so on to the end of the depth. While they compute, the
// next piece is under way.
#pragma once
#include "block.h"

constexpr int STEP = 16;  // of the depth at a time
constexpr int SIDE = 16;  // the threads of a block form a square over the tile
constexpr int ROWS_EACH = TILE_ROWS / SIDE, COLUMNS_EACH = TILE_COLUMNS / SIDE;
static_assert(SIDE * SIDE == THREADS, "one rectangle for each thread");

// store(row, column, sum) for every value of the block's tile, the depth from `begin` to `end` - 1.
template <class A, class B, class Store>
FUNCTION void multiply(const A& a, const B& b, const Tile& tile, int begin, int end, const Store& store) {
  // By depth; the four floats more make neighbouring depths begin in different banks.
  alignas(16) __shared__ float left_values[STEP][TILE_ROWS + 4], right_values[STEP][TILE_COLUMNS + 4];
  Piece<A, TILE_ROWS, STEP> left(a, tile.row);
  Piece<B, TILE_COLUMNS, STEP> right(b, tile.column);
  int row = threadIdx.x / SIDE * ROWS_EACH, column = threadIdx.x % SIDE * COLUMNS_EACH;
  float sums[ROWS_EACH][COLUMNS_EACH] = {};
  for (int d = begin - STEP; d < end; d += STEP) {
    if (d >= begin) {
      left.hand_over([&](int r, int k, SCALAR value) { left_values[k][r] = as_float(value); });
      right.hand_over([&](int c, int k, SCALAR value) { right_values[k][c] = as_float(value); });
    }
    __syncthreads();
    left.fetch_at(d + STEP, end), right.fetch_at(d + STEP, end);
    if (d < begin) continue;
#pragma unroll
    for (int k = 0; k < STEP; k++)
#pragma unroll
      for (int r = 0; r < ROWS_EACH; r++)
#pragma unroll
        for (int c = 0; c < COLUMNS_EACH; c++) sums[r][c] += left_values[k][row + r] * right_values[k][column + c];
    __syncthreads();
  }
#pragma unroll
  for (int r = 0; r < ROWS_EACH; r++)
#pragma unroll
    for (int c = 0; c < COLUMNS_EACH; c++)
      tile.store(row + r, column + c, sums[r][c], store);
}
