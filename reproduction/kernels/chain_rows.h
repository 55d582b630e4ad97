// What each kind of stage does to one row of a picture on the CPU, forward and backward.
//
// A row is W pixels of C channels, the channels of a pixel next to each other; pointers are to its first value.
// Stages are handed over by value: the compiler must fear that a store of floats changes those of a reference.
#pragma once
#include <algorithm>
#include <cmath>
#include <cstdint>
#include <type_traits>

#include "rings.h"
#include "vectors.h"

#include "arithmetic.h"

#define ALWAYS_INLINE inline __attribute__((always_inline))

// A number that the compiler knows: loops over the sizes of 2012 are unrolled.
template <int NUMBER>
using Known = std::integral_constant<int, NUMBER>;

// apply(offset, count) for vectors that cover [0, length); the last may be short.
template <class Apply>
inline void across_row(int length, const Apply& apply) {
  int i = 0;
  for (; i + LANES <= length; i += LANES) apply(i, LANES);
  if (i < length) apply(i, length - i);
}

inline void add_bias(const float* x, const float* bias, float* y, int pixels, int channels) {
  for (int pixel = 0; pixel < pixels; pixel++, x += channels, y += channels)
    across_row(channels, [&](int c, int n) { store_part(y + c, load_part(x + c, n) + load_part(bias + c, n), n); });
}

inline V rectified(V value) { return value < 0.0f ? V{} : value; }  // NaN stays NaN

inline void relu(const float* x, float* y, int length) {
  across_row(length, [&](int i, int n) { store_part(y + i, rectified(load_part(x + i, n)), n); });
}

inline void relu_gradient(const float* x, const float* g, float* dx, int length) {
  across_row(length, [&](int i, int n) {
    store_part(dx + i, load_part(x + i, n) > 0.0f ? load_part(g + i, n) : V{}, n);
  });
}

inline void dropout(const float* x, const float* uniform, float* y, int length, Stage stage) {
  across_row(length, [&](int i, int n) {
    V value = load_part(x + i, n);
    store_part(y + i, value * (load_part(uniform + i, n) < stage.constant ? all(stage.alpha) : V{}), n);
  });
}

// ---- Norms across maps

// Sums over the maps `below` under each map to `above` over it, while the maps of a pixel go by a vector at a time:
// neighbours are shifted in from the vectors on both sides. At most LANES maps on a side.
template <class Below, class Above>
struct Neighbours {
  Below below;
  Above above;

  V sum(V before, V here, V after) const {
    V sum = here;
    for (int by = 1; by <= below; by++) sum += shifted(before, here, LANES - by);
    for (int by = 1; by <= above; by++) sum += shifted(here, after, by);
    return sum;
  }
  // The maps that have this one as a neighbour.
  Neighbours<Above, Below> senders() const { return {above, below}; }
};

// From `at` on, as many of `channels` as a vector holds; beyond them zeros. RELU_FIRST: of what a relu makes of them.
template <bool RELU_FIRST = false>
inline V maps(const float* pixel, int at, int channels) {
  V values = at < channels ? load_part(pixel + at, channels - at) : V{};
  return RELU_FIRST ? rectified(values) : values;
}

// A pixel of x -> y. RELU_FIRST: x is rectified first. KEEPS: the roots are kept for the way back.
template <bool RELU_FIRST, bool KEEPS, class Around>
ALWAYS_INLINE void norm_pixel(const float* x, float* y, float* roots, int channels, Around around, Stage stage) {
  V before{}, value = maps<RELU_FIRST>(x, 0, channels), square = value * value;
  for (int c = 0; c < channels; c += LANES) {
    V next = maps<RELU_FIRST>(x, c + LANES, channels), after = next * next;
    V root = norm_root(around.sum(before, square, after), stage);
    store_part(y + c, normalised(value, root, stage), channels - c);
    if (KEEPS) store_part(roots + c, root, channels - c);
    before = square, square = after, value = next;
  }
}

// Each vector is finished one round later, when what the maps above it send is known. KEPT: the roots are there.
template <bool RELU_FIRST, bool KEPT, class Around>
ALWAYS_INLINE void norm_gradient_pixel(const float* x, const float* g, float* dx, const float* roots, int channels,
                                       Around around, Stage stage) {
  V square_before{}, value = maps<RELU_FIRST>(x, 0, channels), square = value * value;
  V share_before{}, last_share{}, last_direct{}, last_value{};
  for (int c = 0; c < channels + LANES; c += LANES) {
    V next = maps<RELU_FIRST>(x, c + LANES, channels), after = next * next, direct{}, share{};
    if (c < channels) {
      V root = KEPT ? maps(roots, c, channels) : norm_root(around.sum(square_before, square, after), stage);
      norm_parts(maps(g, c, channels), value, root, stage, direct, share);
      if (channels - c < LANES) share = first_lanes(share, channels - c);  // of nothing the root may be infinite
    }
    if (c > 0) {
      V sum = around.senders().sum(share_before, last_share, share);
      V gradient = norm_gradient(last_direct, last_value, sum, stage);
      if (RELU_FIRST) gradient = last_value > 0.0f ? gradient : V{};
      store_part(dx + c - LANES, gradient, channels - c + LANES);
    }
    square_before = square, square = after;
    share_before = last_share, last_share = share, last_direct = direct, last_value = value, value = next;
  }
}

// The same for blocks of maps, and for windows wider than two vectors: rare, and by way of memory.
struct MapSums {
  int channels, below, above;
  bool blocked;
  int size;

  // sums[c] = that of the values around c.
  void of(const float* values, float* sums) const {
    for (int c = 0; c < channels; c++) {
      int begin = blocked ? c / size * size : std::max(0, c - below);
      int end = std::min(channels, blocked ? begin + size : c + above + 1);
      sums[c] = 0;
      for (int other = begin; other < end; other++) sums[c] += values[other];
    }
  }
};

// `memory` holds 4 rows of `channels` values.
inline void norm_pixel_by_memory(const float* x, const float* g, float* out, MapSums over, Stage stage,
                                 float* memory) {
  int channels = over.channels;
  float *squares = memory, *sums = squares + channels, *shares = sums + channels, *sent = shares + channels;
  for (int c = 0; c < channels; c++) squares[c] = x[c] * x[c];
  over.of(squares, sums);
  if (!g) {
    across_row(channels, [&](int c, int n) {
      V root = norm_root(load_part(sums + c, n), stage);
      store_part(out + c, normalised(load_part(x + c, n), root, stage), n);
    });
    return;
  }
  across_row(channels, [&](int c, int n) {
    V direct, share;
    norm_parts(load_part(g + c, n), load_part(x + c, n), norm_root(load_part(sums + c, n), stage), stage, direct, share);
    store_part(out + c, direct, n);
    store_part(shares + c, share, n);
  });
  MapSums{channels, over.above, over.below, over.blocked, over.size}.of(shares, sent);
  across_row(channels, [&](int c, int n) {
    V direct = load_part(out + c, n);
    store_part(out + c, norm_gradient(direct, load_part(x + c, n), load_part(sent + c, n), stage), n);
  });
}

inline bool is_by_memory(Stage stage) {
  return stage.kind == BLOCKED || (stage.kind == ACROSS && stage.size / 2 > LANES);
}

// Calls each(around, first, stage) for the pixels of a row, `first` the offset of their first map.
template <class Each>
ALWAYS_INLINE void each_pixel(int pixels, int channels, Stage stage, Feed& feed, const Each& each) {
  auto every = [&](auto around, Stage known) {
    for (int first = 0; first < pixels * channels; first += channels) {
      feed.step(2 * channels);
      each(around, first, known);
    }
  };
  int below = stage.size / 2, above = stage.size - 1 - below;
  if (stage.size == 5 && stage.power == 0.75f) {
    stage.power = 0.75f;  // known to the compiler from here on
    every(Neighbours<Known<2>, Known<2>>{}, stage);
  } else {
    every(Neighbours<int, int>{below, above}, stage);
  }
}

// A row of x -> y; `roots` where they are to be kept, else null.
template <bool RELU_FIRST>
inline void norm_across(const float* x, float* y, float* roots, int pixels, int channels, Stage stage, Feed& feed) {
  each_pixel(pixels, channels, stage, feed, [&](auto around, int first, Stage known) {
    if (roots)
      norm_pixel<RELU_FIRST, true>(x + first, y + first, roots + first, channels, around, known);
    else
      norm_pixel<RELU_FIRST, false>(x + first, y + first, nullptr, channels, around, known);
  });
}

// A row of x and the gradient at y -> that at x; `roots` where they were kept, else null.
template <bool RELU_FIRST>
inline void norm_across_gradient(const float* x, const float* g, float* dx, const float* roots, int pixels,
                                 int channels, Stage stage, Feed& feed) {
  each_pixel(pixels, channels, stage, feed, [&](auto around, int first, Stage known) {
    if (roots)
      norm_gradient_pixel<RELU_FIRST, true>(x + first, g + first, dx + first, roots + first, channels, around, known);
    else
      norm_gradient_pixel<RELU_FIRST, false>(x + first, g + first, dx + first, nullptr, channels, around, known);
  });
}

// Both for the norms that go by way of memory: without a gradient, forward.
inline void norm_across_by_memory(const float* x, const float* g, float* out, int pixels, int channels, Stage stage,
                                  float* memory) {
  int below = stage.size / 2;
  MapSums sums{channels, below, stage.size - 1 - below, stage.kind == BLOCKED, stage.size};
  for (int first = 0; first < pixels * channels; first += channels)
    norm_pixel_by_memory(x + first, g ? g + first : nullptr, out + first, sums, stage, memory);
}

// ---- Norms within a map

inline V squared(V value) { return value * value; }
inline V itself(V value) { return value; }

// The rows that two neighbouring rows of windows reach: those of the first alone, of both, of the second alone.
struct Reached {
  const float* const* rows;
  int first_only, both, second_only;
};

// Two rows of sums of `term` over windows: down over the rows that are reached, then along over the pixels
// -before ... +after. finish(0 or 1, offset, count, sum) takes them. They share all but two of the rows, so that these
// are read once for both. `memory` holds twice floats_for_sums(pixels, channels, before + after) floats.
inline int64_t floats_for_sums(int64_t pixels, int64_t channels, int64_t around) {
  return (pixels + around) * channels + LANES;
}

template <class Term, class Finish>
inline void window_sums(const Reached& reached, int pixels, int channels, int before, int after, float* memory,
                        Feed& feed, const Term& term, const Finish& finish) {
  int length = pixels * channels;
  float* columns[] = {memory + before * channels,
                      memory + floats_for_sums(pixels, channels, before + after) + before * channels};
  for (float* column : columns) {
    std::fill(column - before * channels, column, 0.0f);
    std::fill(column + length, column + length + after * channels + LANES, 0.0f);
  }
  auto down = [&](auto first_only, auto both, auto second_only) {
    const float* const* rows = reached.rows;
    across_row(length, [&](int i, int n) {
      feed.step(2 * n);
      V shared{}, first{}, second{};
      for (int row = 0; row < both; row++) shared += term(load_part(rows[first_only + row] + i, n));
      for (int row = 0; row < first_only; row++) first += term(load_part(rows[row] + i, n));
      for (int row = 0; row < second_only; row++) second += term(load_part(rows[first_only + both + row] + i, n));
      store_part(columns[0] + i, shared + first, n);
      store_part(columns[1] + i, shared + second, n);
    });
  };
  auto along = [&](int which, auto first, auto last) {
    across_row(length, [&](int i, int n) {
      V sum{};
      for (int shift = first; shift <= last; shift++) sum += load(columns[which] + i + shift * channels);
      finish(which, i, n, sum);
    });
  };
  if (reached.first_only == 1 && reached.both == 4 && reached.second_only == 1)
    down(Known<1>{}, Known<4>{}, Known<1>{});
  else
    down(reached.first_only, reached.both, reached.second_only);
  for (int which : {0, 1})
    before == 2 && after == 2 ? along(which, Known<-2>{}, Known<2>{}) : along(which, -before, after);
}

// ---- Pools

template <bool LARGEST>
inline V joined(V one, V other) {
  if (!LARGEST) return one + other;
  return one != one ? one : larger(one, other);  // NaN wins, as in torch
}

template <bool LARGEST>
inline void pool_row(const float* const* rows, int row_count, float* y, int columns, int channels,
                     Stage stage, float* memory, Feed& feed) {
  const V nothing = all(LARGEST ? -INFINITY : 0.0f);
  auto down = [&](auto count) {
    across_row(columns * channels, [&](int i, int n) {
      feed.step(n);
      V value = count > 0 ? load_part(rows[0] + i, n) : nothing;
      for (int row = 1; row < count; row++) value = joined<LARGEST>(value, load_part(rows[row] + i, n));
      store_part(memory + i, value, n);
    });
  };
  row_count == 3 ? down(Known<3>{}) : down(row_count);
  for (int o = 0; o < stage.outputs; o++, y += channels) {
    int begin = window_begin(stage, o), end = window_end(stage, o, columns);
    float factor = stage.kind == POOL_AVERAGE && end > begin ? 1.0f / (float)((end - begin) * row_count) : 1.0f;
    auto along = [&](auto count) {
      const float* first = memory + begin * channels;
      across_row(channels, [&](int c, int n) {
        V value = count > 0 ? load_part(first + c, n) : nothing;
        for (int i = 1; i < count; i++) value = joined<LARGEST>(value, load_part(first + i * channels + c, n));
        store_part(y + c, LARGEST ? value : value * factor, n);
      });
    };
    end - begin == 3 ? along(Known<3>{}) : along(end - begin);
  }
}

// The value farthest from zero, of ties that of the later pixel: row by row, as the original went.
inline void magnitude_row(const float* const* rows, int row_count, float* y, int columns, int channels,
                          Stage stage) {
  for (int o = 0; o < stage.outputs; o++, y += channels)
    across_row(channels, [&](int c, int n) {
      V value{}, size = all(-1.0f);
      for (int row = 0; row < row_count; row++)
        for (int column = window_begin(stage, o); column < window_end(stage, o, columns); column++) {
          V next = load_part(rows[row] + column * channels + c, n), next_size = next < 0.0f ? -next : next;
          auto later = (next_size >= size) | (next != next);
          value = later ? next : value;
          size = later ? next_size : size;
        }
      store_part(y + c, value, n);
    });
}

// The gradients of a row of windows, `height` pixels high, for each of the pixels that they are the mean of.
inline void mean_shares(const float* g, float* shares, int height, int columns, int channels, Stage stage) {
  for (int o = 0; o < stage.outputs; o++, g += channels, shares += channels) {
    int pixels = height * (window_end(stage, o, columns) - window_begin(stage, o));
    float factor = pixels > 0 ? 1.0f / (float)pixels : 0.0f;
    across_row(channels, [&](int c, int n) { store_part(shares + c, load_part(g + c, n) * factor, n); });
  }
}

// One row of windows that covers the row of pixels in question: its values, and the gradients there.
struct WindowRow {
  const float *y, *g;
};

// What the windows above a row of pixels send to it. PICKS: a window sends to the pixels that equal its value.
template <bool PICKS>
inline void pool_gradient_row(const float* x, const WindowRow* windows, int window_rows, float* dx, int columns,
                              int channels, Stage stage, Feed& feed) {
  int first = 0, end = 0;  // windows that cover the column
  for (int column = 0; column < columns; column++, x += channels, dx += channels) {
    feed.step(2 * channels);
    while (first < stage.outputs && window_end(stage, first, columns) <= column) first++;
    while (end < stage.outputs && window_begin(stage, end) <= column) end++;
    auto gather = [&](auto rows, auto count) {
      across_row(channels, [&](int c, int n) {
        V value = PICKS ? load_part(x + c, n) : V{}, sum{};
        for (int row = 0; row < rows; row++)
          for (int o = 0; o < count; o++) {
            int at = (first + o) * channels + c;
            V sent = load_part(windows[row].g + at, n);
            sum += !PICKS ? sent : load_part(windows[row].y + at, n) == value ? sent : V{};
          }
        store_part(dx + c, sum, n);
      });
    };
    int count = std::max(0, end - first);
    if (window_rows == 1 && count == 1) gather(Known<1>{}, Known<1>{});
    else if (window_rows == 1 && count == 2) gather(Known<1>{}, Known<2>{});
    else if (window_rows == 2 && count == 1) gather(Known<2>{}, Known<1>{});
    else if (window_rows == 2 && count == 2) gather(Known<2>{}, Known<2>{});
    else gather(window_rows, count);
  }
}
