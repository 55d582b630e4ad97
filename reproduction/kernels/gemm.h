// Products of matrices of floats, held in registers a tile at a time.
//
//   C[r, c] (+)= sum over d of A[r, d] B[d, c]
//
// Each value is summed in the order of d by one thread, whatever the tile it falls into, so results depend neither
// on how rows and columns are divided among threads nor on their numbers.
#pragma once
#include <cstdint>
#include <memory>

#include "vectors.h"

// A tile of TILE_ROWS x TILE_VECTORS vectors of sums, beside the vectors of B and one value of A, fills the registers.
#if defined(__AVX512F__)
constexpr int TILE_ROWS = 12;
#else
constexpr int TILE_ROWS = 6;
#endif
constexpr int TILE_VECTORS = 2;
constexpr int PANEL = TILE_VECTORS * LANES;  // columns that are computed at a time

// Memory for floats that begins where a vector may, with room for a vector's reading beyond its end.
class Floats {
 public:
  explicit Floats(int64_t count) : memory(new float[count + 2 * PANEL]) {
    auto address = reinterpret_cast<uintptr_t>(memory.get());
    first = memory.get() + (sizeof(V) - address % sizeof(V)) % sizeof(V) / sizeof(float);
  }
  float* data() const { return first; }

 private:
  std::unique_ptr<float[]> memory;
  float* first;
};

// Where the values of A lie: A[r, d] = data[r * row + d * step].
struct Strided {
  const float* data;
  int64_t row, step;
};

template <int COUNT, int WIDE>
inline void multiply_tile(Strided a, const float* b, int64_t b_row, float* c, int64_t c_row, int columns, int depth,
                          bool add) {
  V sums[COUNT][WIDE];
#pragma GCC unroll 16
  for (int r = 0; r < COUNT; r++)
#pragma GCC unroll 16
    for (int v = 0; v < WIDE; v++)
      sums[r][v] = add ? load_part(c + r * c_row + v * LANES, columns - v * LANES) : V{};
  for (int d = 0; d < depth; d++, b += b_row, a.data += a.step) {
    V row[WIDE];
#pragma GCC unroll 16
    for (int v = 0; v < WIDE; v++) row[v] = load(b + v * LANES);
#pragma GCC unroll 16
    for (int r = 0; r < COUNT; r++) {
      V value = all(a.data[r * a.row]);
#pragma GCC unroll 16
      for (int v = 0; v < WIDE; v++) sums[r][v] += value * row[v];
    }
  }
#pragma GCC unroll 16
  for (int r = 0; r < COUNT; r++)
#pragma GCC unroll 16
    for (int v = 0; v < WIDE; v++) store_part(c + r * c_row + v * LANES, sums[r][v], columns - v * LANES);
}

// The last rows, fewer than a tile has.
template <int COUNT, int WIDE, class... Arguments>
inline void multiply_rest(int rows, Arguments... arguments) {
  if constexpr (COUNT > 0) {
    if (rows == COUNT)
      multiply_tile<COUNT, WIDE>(arguments...);
    else
      multiply_rest<COUNT - 1, WIDE>(rows, arguments...);
  }
}

// One panel: up to PANEL columns of C, or added to them. B is read in whole vectors, so past its last column.
inline void multiply_panel(Strided a, const float* b, int64_t b_row, float* c, int64_t c_row, int64_t rows, int columns,
                           int depth, bool add) {
  int64_t r = 0;
  for (; r + TILE_ROWS <= rows; r += TILE_ROWS, a.data += TILE_ROWS * a.row, c += TILE_ROWS * c_row) {
    if (columns > LANES)
      multiply_tile<TILE_ROWS, TILE_VECTORS>(a, b, b_row, c, c_row, columns, depth, add);
    else
      multiply_tile<TILE_ROWS, 1>(a, b, b_row, c, c_row, columns, depth, add);
  }
  if (columns > LANES)
    multiply_rest<TILE_ROWS - 1, TILE_VECTORS>((int)(rows - r), a, b, b_row, c, c_row, columns, depth, add);
  else
    multiply_rest<TILE_ROWS - 1, 1>((int)(rows - r), a, b, b_row, c, c_row, columns, depth, add);
}
