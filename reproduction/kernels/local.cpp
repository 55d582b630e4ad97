// Locally connected filters on the CPU: y[n, p, f] = sum over c, i, j of W[p, f, c, i, j] x[n, window p at i, j, c].
//
// x is (N, H, W, C), y (N, M, M, F), weights (M * M, F, C / groups, k, k). At each position this is a product of
// matrices, images by filters, over that part of the window that lies inside the picture; so is each gradient. The
// channels of a pixel lie next to each other in the pictures but k * k apart in the weights: the weights of a
// position are turned around, by pixels of the window, before they are used for all images.
#include <algorithm>
#include <cstdint>
#include <cstring>

#include "gemm.h"
#include "parallel.h"

#include "filters.h"

#define EXPORT extern "C" __attribute__((visibility("default")))

namespace {

constexpr int IMAGES = 256;  // so many are summed up at a time in a weight's gradient; their patches fit the cache

int panels(int columns) { return (columns + PANEL - 1) / PANEL; }

// Window p and the part of it, filter rows and columns begin ... end - 1, that lies inside the picture.
struct Window {
  int row, column, row_begin, row_end, column_begin, column_end;

  Window(const Filtering& shape, int p) {
    row = window_start(shape, p / shape.windows.outputs);
    column = window_start(shape, p % shape.windows.outputs);
    row_begin = std::max(0, -row), row_end = std::min(shape.windows.size, shape.side - row);
    column_begin = std::max(0, -column), column_end = std::min(shape.windows.size, shape.side - column);
    row_end = std::max(row_begin, row_end), column_end = std::max(column_begin, column_end);
  }
  int columns() const { return column_end - column_begin; }
  int pixels() const { return (row_end - row_begin) * columns(); }
};

class Forward {
 public:
  Forward(const float* x, const float* weights, float* y, const Filtering& shape)
      : x(x), weights(weights), y(y), shape(shape), channels(group_channels(shape)), filters(group_filters(shape)),
        panel((int64_t)filter_pixels(shape) * channels * PANEL) {}

  void operator()(int64_t p) {
    Window window(shape, (int)p);
    for (int group = 0; group < shape.groups; group++)
      for (int first = 0; first < filters; first += PANEL) {
        int filter = group * filters + first, count = std::min(PANEL, filters - first);
        turn(weights + (p * shape.filters + filter) * filter_pixels(shape) * channels, window, count);
        answer(window, group, count, y + p * shape.filters + filter);
      }
  }

 private:
  // `count` filters (C, k, k) -> the panel (k, k, C, PANEL), one filter a column.
  void turn(const float* from, const Window& window, int count) {
    int size = shape.windows.size;
    for (int column = 0; column < count; column++, from += (int64_t)filter_pixels(shape) * channels)
      for (int i = window.row_begin; i < window.row_end; i++)
        for (int j = window.column_begin; j < window.column_end; j++) {
          float* to = panel.data() + (int64_t)(i * size + j) * channels * PANEL + column;
          for (int c = 0; c < channels; c++) to[c * PANEL] = from[c * size * size + i * size + j];
        }
  }

  // What the panel's filters say of all images. Runs of a picture are as long as they lie in one piece.
  void answer(const Window& window, int group, int count, float* to) {
    int64_t picture = (int64_t)pixels(shape) * shape.channels, row = (int64_t)positions(shape) * shape.filters;
    if (window.pixels() == 0)
      for (int64_t n = 0; n < shape.images; n++) std::fill_n(to + n * row, count, 0.0f);
    int run = shape.groups == 1 ? std::max(1, window.columns()) : 1;
    bool add = false;
    for (int i = window.row_begin; i < window.row_end; i++)
      for (int j = window.column_begin; j < window.column_end; j += run, add = true) {
        int64_t pixel = (int64_t)(window.row + i) * shape.side + window.column + j;
        Strided seen{x + pixel * shape.channels + group * channels, picture, 1};
        const float* b = panel.data() + (int64_t)(i * shape.windows.size + j) * channels * PANEL;
        multiply_panel(seen, b, PANEL, to, row, shape.images, count, run * channels, add);
      }
  }

  const float *x, *weights;
  float* y;
  Filtering shape;
  int channels, filters;  // of a group
  Floats panel;
};

// The weights (P, F, C, k, k) of position p -> (P, k, k, F, C).
void turn_position(const float* weights, float* turned, const Filtering& shape, int64_t p) {
  int channels = group_channels(shape), size = filter_pixels(shape);
  const float* from = weights + p * shape.filters * size * channels;
  float* to = turned + p * shape.filters * size * channels;
  for (int f = 0; f < shape.filters; f++, from += (int64_t)size * channels)
    for (int o = 0; o < size; o++) {
      float* row = to + ((int64_t)o * shape.filters + f) * channels;
      for (int c = 0; c < channels; c++) row[c] = from[(int64_t)c * size + o];
    }
}

// The gradient at one pixel of all images: what each window that covers it sends.
void pixel_gradient(const float* g, const float* turned, float* dx, const Filtering& shape, int64_t pixel) {
  int channels = group_channels(shape), filters = group_filters(shape), size = shape.windows.size;
  int row = (int)(pixel / shape.side), column = (int)(pixel % shape.side), outputs = shape.windows.outputs;
  int64_t picture = (int64_t)pixels(shape) * shape.channels, answers = (int64_t)positions(shape) * shape.filters;
  for (int64_t n = 0; n < shape.images; n++)
    std::fill_n(dx + n * picture + pixel * shape.channels, shape.channels, 0.0f);
  for (int o = first_window(shape.windows, row); o <= last_window(shape.windows, row); o++)
    for (int q = first_window(shape.windows, column); q <= last_window(shape.windows, column); q++) {
      int i = row - window_start(shape, o), j = column - window_start(shape, q);
      int64_t p = (int64_t)o * outputs + q;
      const float* weights = turned + (p * size * size + i * size + j) * shape.filters * channels;
      for (int group = 0; group < shape.groups; group++)
        for (int c = 0; c < channels; c += PANEL)
          multiply_panel({g + p * shape.filters + group * filters, answers, 1},
                         weights + (int64_t)group * filters * channels + c, channels,
                         dx + pixel * shape.channels + group * channels + c, picture, shape.images,
                         std::min(PANEL, channels - c), filters, true);
    }
}

class WeightGradient {
 public:
  WeightGradient(const float* g, const float* x, float* dw, const Filtering& shape)
      : g(g), x(x), dw(dw), shape(shape), channels(group_channels(shape)), filters(group_filters(shape)),
        width(panels(filter_pixels(shape) * channels) * PANEL), patches((int64_t)IMAGES * width),
        answers((int64_t)IMAGES * filters), sums((int64_t)filters * width) {}

  void operator()(int64_t p) {
    Window window(shape, (int)p);
    for (int group = 0; group < shape.groups; group++) {
      std::fill_n(sums.data(), (int64_t)filters * width, 0.0f);
      for (int64_t first = 0; first < shape.images; first += IMAGES)
        add(window, p, group, first, (int)std::min<int64_t>(IMAGES, shape.images - first));
      turn_back(window, dw + (p * shape.filters + group * filters) * filter_pixels(shape) * channels);
    }
  }

 private:
  void add(const Window& window, int64_t p, int group, int64_t first, int count) {
    for (int n = 0; n < count; n++) {
      int64_t place = ((first + n) * positions(shape) + p) * shape.filters + group * filters;
      std::memcpy(answers.data() + (int64_t)n * filters, g + place, filters * sizeof(float));
      copy_patch(window, x + (first + n) * pixels(shape) * shape.channels + group * channels, n, count);
    }
    int columns = window.pixels() * channels;
    for (int c = 0; c < columns; c += PANEL)
      multiply_panel({answers.data(), 1, filters}, patches.data() + (int64_t)c * count, PANEL, sums.data() + c, width,
                     filters, std::min(PANEL, columns - c), count, true);
  }

  // What lies inside the window of one image, as row n of panels of `count` rows.
  void copy_patch(const Window& window, const float* picture, int n, int count) {
    int column = 0;
    for (int i = window.row_begin; i < window.row_end; i++)
      for (int j = window.column_begin; j < window.column_end; j++) {
        int64_t pixel = (int64_t)(window.row + i) * shape.side + window.column + j;
        for (int c = 0, part; c < channels; c += part, column += part) {
          part = std::min(channels - c, PANEL - column % PANEL);
          float* to = patches.data() + (int64_t)(column / PANEL * count + n) * PANEL + column % PANEL;
          std::memcpy(to, picture + pixel * shape.channels + c, part * sizeof(float));
        }
      }
  }

  // The sums (F, pixels inside, C) -> (F, C, k, k), 0 outside.
  void turn_back(const Window& window, float* to) {
    int size = shape.windows.size;
    for (int f = 0; f < filters; f++, to += (int64_t)size * size * channels) {
      const float* from = sums.data() + (int64_t)f * width;
      std::fill_n(to, (int64_t)size * size * channels, 0.0f);
      for (int i = window.row_begin; i < window.row_end; i++)
        for (int j = window.column_begin; j < window.column_end; j++, from += channels)
          for (int c = 0; c < channels; c++) to[(int64_t)c * size * size + i * size + j] = from[c];
    }
  }

  const float *g, *x;
  float* dw;
  Filtering shape;
  int channels, filters, width;  // of a group; of all panels
  Floats patches, answers, sums;
};

}  // namespace

EXPORT void local_forward(const float* x, const float* weights, float* y, const Filtering* shape, int threads) {
  for_each_chunk(positions(*shape), threads, [&] { return Forward(x, weights, y, *shape); });
}

EXPORT void local_image_gradient(const float* g, const float* weights, float* dx, const Filtering* shape, int threads) {
  Floats turned((int64_t)positions(*shape) * shape->filters * filter_pixels(*shape) * group_channels(*shape));
  for_each_chunk(positions(*shape), threads,
                 [&] { return [&](int64_t p) { turn_position(weights, turned.data(), *shape, p); }; });
  for_each_chunk(pixels(*shape), threads,
                 [&] { return [&](int64_t pixel) { pixel_gradient(g, turned.data(), dx, *shape, pixel); }; });
}

EXPORT void local_weight_gradient(const float* g, const float* x, float* dw, const Filtering* shape, int threads) {
  for_each_chunk(positions(*shape), threads, [&] { return WeightGradient(g, x, dw, *shape); });
}
