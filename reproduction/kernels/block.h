// How a grid is divided among the parts of a product of matrices: each block computes one tile of one of them.
#pragma once
#include "operands.h"

constexpr int THREADS = 256;  // of a block
constexpr int TILE_ROWS = 128, TILE_COLUMNS = 64;

FUNCTION int tiles(int length, int tile) { return (length + tile - 1) / tile; }

// The tile of this block: its first row and column, of a product of `rows` x `columns` for each group and each slice.
struct Tile {
  int rows, columns, row, column, group, slice;

  FUNCTION_MEMBER Tile(int rows, int columns, int groups) : rows(rows), columns(columns) {
    int index = blockIdx.x, across = tiles(columns, TILE_COLUMNS), down = tiles(rows, TILE_ROWS);
    column = index % across * TILE_COLUMNS, index /= across;
    row = index % down * TILE_ROWS, index /= down;
    group = index % groups, slice = index / groups;
  }

  // put(row, column, sum) with the product's own row and column, if there are such.
  template <class Put>
  FUNCTION_MEMBER void store(int in_rows, int in_columns, float sum, const Put& put) const {
    if (row + in_rows < rows && column + in_columns < columns) put(row + in_rows, column + in_columns, sum);
  }
};

// What each thread of a block fetches of ROWS rows of a matrix, STEP of the depth at a time.
template <class Matrix, int ROWS, int STEP>
class Piece {
  static constexpr int RUNS = ROWS * STEP / RUN, EACH = (RUNS + THREADS - 1) / THREADS;

 public:
  FUNCTION_MEMBER Piece(const Matrix& matrix, int first) : matrix(matrix), whole(matrix.whole()), first(first) {
#pragma unroll
    for (int e = 0; e < EACH; e++) places[e] = matrix.place(first + row(e));
  }

  // From depth `d` on, into registers; zeros from `end` on.
  FUNCTION_MEMBER void fetch_at(int d, int end) {
#pragma unroll
    for (int e = 0; e < EACH; e++)
      if (mine(e)) fetch(matrix, places[e], first + row(e), d + depth(e), end, whole, runs[e]);
  }

  // put(row, depth, value) for each value fetched, both from the piece's beginning.
  template <class Put>
  FUNCTION_MEMBER void hand_over(const Put& put) const {
#pragma unroll
    for (int e = 0; e < EACH; e++)
      if (mine(e))
#pragma unroll
        for (int i = 0; i < RUN; i++)
          put(Matrix::ALONG_DEPTH ? row(e) : row(e) + i, Matrix::ALONG_DEPTH ? depth(e) + i : depth(e), runs[e][i]);
  }

 private:
  // Neighbouring threads fetch what lies next to each other.
  static constexpr int LENGTH = (Matrix::ALONG_DEPTH ? STEP : ROWS) / RUN;  // runs on the axis of runs

  FUNCTION_MEMBER static bool mine(int e) { return (int)threadIdx.x + e * THREADS < RUNS; }
  FUNCTION_MEMBER static int along(int e) { return ((int)threadIdx.x + e * THREADS) % LENGTH * RUN; }
  FUNCTION_MEMBER static int across(int e) { return ((int)threadIdx.x + e * THREADS) / LENGTH; }
  FUNCTION_MEMBER static int row(int e) { return Matrix::ALONG_DEPTH ? across(e) : along(e); }
  FUNCTION_MEMBER static int depth(int e) { return Matrix::ALONG_DEPTH ? along(e) : across(e); }

  const Matrix& matrix;
  bool whole;
  int first;
  typename Matrix::Place places[EACH];
  alignas(16) SCALAR runs[EACH][RUN];
};
