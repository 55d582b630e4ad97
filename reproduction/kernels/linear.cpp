// Fully connected layers on the CPU: y = x W^T, and the gradients g W at x and g^T x at W.
//
// x is (N, I), W (O, I), y and g (N, O), N the images of a minibatch. W is the large one, so each product goes
// through it once: it is read, or written, in blocks of rows or columns, while what has one row for each image
// is rearranged beforehand and stays in the caches.
#include <algorithm>

#include "gemm.h"
#include "parallel.h"

#define EXPORT extern "C" __attribute__((visibility("default")))

namespace {

constexpr int64_t DEPTH = 256;              // terms of the sums at a time: a panel of B fills the first-level cache
constexpr int64_t ROWS = 4 * TILE_ROWS;     // rows of a product that a thread takes at a time
constexpr int64_t COLUMNS = 2 * PANEL;      // or columns
constexpr int64_t PADDING = LANES;          // keeps rows of a power of two from falling into one place of a cache

int64_t parts(int64_t whole, int64_t part) { return (whole + part - 1) / part; }

// to[r][c] = from[r][c], rows of `to` in panels: panel p holds columns p * PANEL ... of all rows.
void copy_panel(const float* from, int64_t stride, int64_t rows, int64_t columns, float* to) {
  for (int64_t r = 0; r < rows; r++, from += stride, to += PANEL)
    for (int64_t c = 0; c < PANEL; c += LANES) store(to + c, load_part(from + c, (int)std::max<int64_t>(0, std::min<int64_t>(LANES, columns - c))));
}

// Transposed: to[c][r] = from[r][c] with `width` floats for each c, and zeros beyond the rows there are.
void copy_transposed(const float* from, int64_t stride, int64_t rows, int64_t columns, float* to, int64_t width) {
  for (int64_t c = 0; c < columns; c++)
    for (int64_t r = 0; r < width; r++) to[c * width + r] = r < rows ? from[r * stride + c] : 0.0f;
}

}  // namespace

// y = x W^T + bias; `bias` may be null.
EXPORT void linear_forward(const float* x, const float* weights, const float* bias, float* y, int64_t images,
                           int64_t inputs, int64_t outputs, int threads) {
  int64_t panels = parts(images, PANEL), blocks = parts(inputs, DEPTH);
  Floats images_last(panels * inputs * PANEL);  // x^T: for each panel of images, for each input, the images
  for_each_chunk(panels * blocks, threads, [&] {
    return [&](int64_t chunk) {
      int64_t panel = chunk / blocks, first = chunk % blocks * DEPTH;
      copy_transposed(x + panel * PANEL * inputs + first, inputs, std::min<int64_t>(PANEL, images - panel * PANEL),
                      std::min(DEPTH, inputs - first), images_last.data() + (panel * inputs + first) * PANEL, PANEL);
    };
  });
  for_each_chunk(parts(outputs, ROWS), threads, [&] {
    return [&, sums = Floats(ROWS * panels * PANEL), near = Floats(ROWS * (DEPTH + PADDING))](int64_t chunk) {
      int64_t first = chunk * ROWS, rows = std::min(ROWS, outputs - first), width = panels * PANEL;
      for (int64_t from = 0; from < inputs; from += DEPTH) {
        int64_t depth = std::min(DEPTH, inputs - from);
        for (int64_t r = 0; r < rows; r++)
          std::copy_n(weights + (first + r) * inputs + from, depth, near.data() + r * (DEPTH + PADDING));
        for (int64_t panel = 0; panel < panels; panel++)
          multiply_panel({near.data(), DEPTH + PADDING, 1}, images_last.data() + (panel * inputs + from) * PANEL, PANEL,
                         sums.data() + panel * PANEL, width, rows, PANEL, (int)depth, from > 0);
      }
      for (int64_t n = 0; n < images; n++)
        for (int64_t r = 0; r < rows; r++)
          y[n * outputs + first + r] = sums.data()[r * width + n] + (bias ? bias[first + r] : 0.0f);
    };
  });
}

// dx = g W
EXPORT void linear_image_gradient(const float* g, const float* weights, float* dx, int64_t images, int64_t inputs,
                                  int64_t outputs, int threads) {
  int64_t stride = outputs + PADDING;
  Floats padded(images * stride);
  for (int64_t n = 0; n < images; n++) std::copy_n(g + n * outputs, outputs, padded.data() + n * stride);
  for_each_chunk(parts(inputs, COLUMNS), threads, [&] {
    return [&, near = Floats(DEPTH * PANEL)](int64_t chunk) {
      int64_t end = std::min(inputs, (chunk + 1) * COLUMNS);
      for (int64_t column = chunk * COLUMNS; column < end; column += PANEL) {
        int64_t columns = std::min<int64_t>(PANEL, end - column);
        for (int64_t from = 0; from < outputs; from += DEPTH) {
          int64_t depth = std::min(DEPTH, outputs - from);
          copy_panel(weights + from * inputs + column, inputs, depth, columns, near.data());
          multiply_panel({padded.data() + from, stride, 1}, near.data(), PANEL, dx + column, inputs, images,
                         (int)columns, (int)depth, from > 0);
        }
      }
    };
  });
}

// dW = g^T x
EXPORT void linear_weight_gradient(const float* g, const float* x, float* dw, int64_t images, int64_t inputs,
                                   int64_t outputs, int threads) {
  int64_t panels = parts(inputs, PANEL), tiles = parts(outputs, TILE_ROWS);
  Floats panelled(panels * images * PANEL), tiled(tiles * images * TILE_ROWS);
  for_each_chunk(panels, threads, [&] {
    return [&](int64_t p) {
      copy_panel(x + p * PANEL, inputs, images, std::min<int64_t>(PANEL, inputs - p * PANEL),
                 panelled.data() + p * images * PANEL);
    };
  });
  for_each_chunk(tiles, threads, [&] {
    return [&](int64_t t) {
      int64_t rows = std::min<int64_t>(TILE_ROWS, outputs - t * TILE_ROWS);
      for (int64_t n = 0; n < images; n++)
        std::copy_n(g + n * outputs + t * TILE_ROWS, rows, tiled.data() + (t * images + n) * TILE_ROWS);
    };
  });
  for_each_chunk(tiles, threads, [&] {
    return [&](int64_t t) {
      int64_t rows = std::min<int64_t>(TILE_ROWS, outputs - t * TILE_ROWS);
      for (int64_t p = 0; p < panels; p++)
        multiply_panel({tiled.data() + t * images * TILE_ROWS, 1, TILE_ROWS}, panelled.data() + p * images * PANEL,
                       PANEL, dw + t * TILE_ROWS * inputs + p * PANEL, inputs, rows,
                       (int)std::min<int64_t>(PANEL, inputs - p * PANEL), (int)images, false);
    };
  });
}
