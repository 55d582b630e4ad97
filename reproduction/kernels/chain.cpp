// Chains of small layers (bias, relu, normalisation, pooling, dropout) on the CPU, forward and backward.
//
// Pictures are (N, H, W, C), the channels of a pixel next to each other. A picture streams through its chain row
// by row: each stage asks the one before it for the rows its next row is made of, and keeps no more of its own
// rows than the one after it still reads. So what lies between two stages stays in the first-level cache; memory
// sees the input and the output alone. Backward, the same rows are made again from the input, and gradients
// are asked for in the same way from the other end. A thread takes a picture, or part of one, at a time.
#include <algorithm>
#include <cstdint>
#include <memory>
#include <vector>

#include "parallel.h"
#include "vectors.h"

#include "arithmetic.h"

#define EXPORT extern "C" __attribute__((visibility("default")))

namespace {

// ---- One row of each kind of stage. W pixels of C channels; pointers are to the first pixel of a row.

// apply(offset, count) for vectors that cover [0, length); the last may be short.
template <class Apply>
inline void across_row(int length, const Apply& apply) {
  int i = 0;
  for (; i + LANES <= length; i += LANES) apply(i, LANES);
  if (i < length) apply(i, length - i);
}

void add_bias(const float* x, const float* bias, float* y, int pixels, int channels) {
  for (int pixel = 0; pixel < pixels; pixel++, x += channels, y += channels)
    across_row(channels, [&](int c, int n) { store_part(y + c, load_part(x + c, n) + load_part(bias + c, n), n); });
}

void relu(const float* x, float* y, int length) {
  across_row(length, [&](int i, int n) {
    V value = load_part(x + i, n);
    store_part(y + i, value < 0.0f ? V{} : value, n);  // NaN stays NaN
  });
}

void relu_gradient(const float* x, const float* g, float* dx, int length) {
  across_row(length, [&](int i, int n) {
    store_part(dx + i, load_part(x + i, n) > 0.0f ? load_part(g + i, n) : V{}, n);
  });
}

void dropout(const float* x, const float* uniform, float* y, int length, const Stage& stage) {
  across_row(length, [&](int i, int n) {
    V value = load_part(x + i, n);
    store_part(y + i, value * (load_part(uniform + i, n) < stage.constant ? all(stage.alpha) : V{}), n);
  });
}

// Values of a row with zeros around each pixel's channels, so that neighbours can be read beyond both ends.
struct Padded {
  float* data;
  int margin, stride;

  Padded(float* memory, int channels, int neighbours)
      : data(memory), margin(neighbours), stride(floats_for_pixel(channels, neighbours)) {}
  static int floats_for_pixel(int channels, int neighbours) {
    return 2 * neighbours + (channels + LANES - 1) / LANES * LANES;
  }
  float* pixel(int index) const { return data + (int64_t)index * stride + margin; }
  V sum(const float* pixel, int c, int below, int above) const {
    V sum = load(pixel + c - below);
    for (int shift = 1 - below; shift <= above; shift++) sum += load(pixel + c + shift);
    return sum;
  }
};

void squares(const float* x, const Padded& padded, int pixels, int channels) {
  for (int pixel = 0; pixel < pixels; pixel++, x += channels) {
    float* to = padded.pixel(pixel);
    across_row(channels, [&](int c, int n) {
      V value = load_part(x + c, n);
      store_part(to + c, value * value, n);
    });
  }
}

// In place: at every map the sum over its block of `size` maps.
void block_sums(const Padded& padded, int pixels, int channels, int size) {
  for (int pixel = 0; pixel < pixels; pixel++) {
    float* values = padded.pixel(pixel);
    for (int first = 0; first < channels; first += size) {
      int end = std::min(channels, first + size);
      float sum = 0;
      for (int c = first; c < end; c++) sum += values[c];
      std::fill(values + first, values + end, sum);
    }
  }
}

void norm_across(const float* x, float* y, int pixels, int channels, const Stage& stage, float* memory) {
  Padded padded(memory, channels, stage.size);
  bool blocked = stage.kind == BLOCKED;
  int below = blocked ? 0 : stage.size / 2, above = blocked ? 0 : stage.size - 1 - below;
  squares(x, padded, pixels, channels);
  if (blocked) block_sums(padded, pixels, channels, stage.size);
  for (int pixel = 0; pixel < pixels; pixel++, x += channels, y += channels) {
    const float* around = padded.pixel(pixel);
    across_row(channels, [&](int c, int n) {
      store_part(y + c, normalised(load_part(x + c, n), padded.sum(around, c, below, above), stage), n);
    });
  }
}

void norm_across_gradient(const float* x, const float* g, float* dx, int pixels, int channels, const Stage& stage,
                          float* memory) {
  Padded padded(memory, channels, stage.size), sent(memory + (int64_t)pixels * padded.stride, channels, stage.size);
  bool blocked = stage.kind == BLOCKED;
  int below = blocked ? 0 : stage.size / 2, above = blocked ? 0 : stage.size - 1 - below;
  squares(x, padded, pixels, channels);
  if (blocked) block_sums(padded, pixels, channels, stage.size);
  for (int pixel = 0; pixel < pixels; pixel++) {
    const float *around = padded.pixel(pixel), *here = x + (int64_t)pixel * channels;
    const float* incoming = g + (int64_t)pixel * channels;
    float *out = dx + (int64_t)pixel * channels, *shares = sent.pixel(pixel);
    across_row(channels, [&](int c, int n) {
      V direct, share;
      norm_parts(load_part(incoming + c, n), load_part(here + c, n), padded.sum(around, c, below, above), stage,
                 direct, share);
      store_part(out + c, direct, n);
      store_part(shares + c, share, n);
    });
  }
  if (blocked) block_sums(sent, pixels, channels, stage.size);
  for (int pixel = 0; pixel < pixels; pixel++) {
    const float *shares = sent.pixel(pixel), *here = x + (int64_t)pixel * channels;
    float* out = dx + (int64_t)pixel * channels;
    across_row(channels, [&](int c, int n) {
      V sum = sent.sum(shares, c, above, below);  // over all that have this map as a neighbour
      store_part(out + c, norm_gradient(load_part(out + c, n), load_part(here + c, n), sum, stage), n);
    });
  }
}

// A row of sums over `rows` of `term`, then over the pixels -before ... +after: handed to finish(offset, count, sum).
// `memory` holds (pixels + size) * channels floats.
template <class Term, class Finish>
void window_sums(const float* const* rows, int row_count, int pixels, int channels, int before, int after,
                 float* memory, const Term& term, const Finish& finish) {
  int length = pixels * channels;
  float* column = memory + before * channels;
  std::fill(memory, column, 0.0f);
  std::fill(column + length, column + length + after * channels + LANES, 0.0f);
  across_row(length, [&](int i, int n) {
    V sum{};
    for (int row = 0; row < row_count; row++) sum += term(load_part(rows[row] + i, n));
    store_part(column + i, sum, n);
  });
  across_row(length, [&](int i, int n) {
    V sum{};
    for (int shift = -before; shift <= after; shift++) sum += load(column + i + shift * channels);
    finish(i, n, sum);
  });
}

inline V squared(V value) { return value * value; }
inline V itself(V value) { return value; }

template <bool LARGEST>
inline V joined(V one, V other) {
  if (LARGEST) return (other > one) | (other != other) ? other : one;  // NaN wins, as in torch
  return one + other;
}

template <bool LARGEST>
void pool_row(const float* const* rows, int row_count, float* y, int columns, int channels, const Stage& stage,
              float* memory) {
  const float nothing = LARGEST ? -INFINITY : 0.0f;
  across_row(columns * channels, [&](int i, int n) {
    V value = all(nothing);
    for (int row = 0; row < row_count; row++) value = joined<LARGEST>(value, load_part(rows[row] + i, n));
    store_part(memory + i, value, n);
  });
  for (int o = 0; o < stage.outputs; o++, y += channels) {
    int begin = window_begin(stage, o), end = window_end(stage, o, columns);
    float factor = stage.kind == POOL_AVERAGE && end > begin ? 1.0f / (float)((end - begin) * row_count) : 1.0f;
    across_row(channels, [&](int c, int n) {
      V value = all(nothing);
      for (int column = begin; column < end; column++)
        value = joined<LARGEST>(value, load_part(memory + column * channels + c, n));
      store_part(y + c, LARGEST ? value : value * factor, n);
    });
  }
}

// The value farthest from zero, of ties that of the later pixel: row by row, as the original went.
void magnitude_row(const float* const* rows, int row_count, float* y, int columns, int channels,
                   const Stage& stage) {
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

// What one row of windows (values y, gradients g) sends to one row of pixels that it covers, `rows` rows high.
void pool_gradient_row(const float* x, const float* y, const float* g, float* dx, int columns, int channels,
                       int rows, const Stage& stage) {
  bool picks = stage.kind == POOL_MAX || stage.kind == POOL_MAGNITUDE;
  for (int o = 0; o < stage.outputs; o++) {
    int begin = window_begin(stage, o), end = window_end(stage, o, columns);
    float factor = stage.kind == POOL_AVERAGE && end > begin ? 1.0f / (float)((end - begin) * rows) : 1.0f;
    across_row(channels, [&](int c, int n) {
      V incoming = load_part(g + o * channels + c, n) * factor;
      V picked = picks ? load_part(y + o * channels + c, n) : V{};
      for (int at = begin * channels + c; at < end * channels; at += channels) {
        V sent = !picks ? incoming : load_part(x + at, n) == picked ? incoming : V{};
        store_part(dx + at, load_part(dx + at, n) + sent, n);
      }
    });
  }
}

// ---- Rows that come and go, and the chain that asks for them.

// The rows of one tensor of a picture: all of them, or a ring of the last few. In a dry run, which has no
// data, `reach` notes how many rows there must be between the newest and the oldest that is still read.
struct Rows {
  float* data = nullptr;
  int mask = -1;  // row r lies at r & mask: in a ring, its size (a power of two) less 1
  int length = 0;
  int next = 0;  // the first row that has not been made
  int reach = 1;

  const float* read(int row) {
    reach = std::max(reach, next - row);
    return data ? data + (int64_t)(row & mask) * length : nullptr;
  }
  float* write() { return data ? data + (int64_t)(next & mask) * length : nullptr; }
  int capacity() const {
    int rows = 1;
    while (rows < reach) rows *= 2;
    return rows;
  }
};

struct Shape {
  int64_t images, channels, rows, columns;  // of the input
};

class Chain {
 public:
  Chain(const Shape& shape, const Stage* stages, int count)
      : stages(stages), count(count), channels((int)shape.channels), sides(count + 1), values(count + 1),
        gradients(count + 1), measured(count), direct(count), shares(count) {
    sides[0] = {(int)shape.rows, (int)shape.columns};
    for (int k = 0; k < count; k++)
      sides[k + 1] = is_pool(k) ? Side{stages[k].outputs, stages[k].outputs} : sides[k];
    for (int k = 0; k <= count; k++) {
      values[k].length = gradients[k].length = sides[k].columns * channels;
      if (k < count) measured[k].length = direct[k].length = shares[k].length = values[k].length;
    }
  }

  struct Side {
    int rows, columns;
  };
  Side output() const { return sides[count]; }

  // Rows [first, end) of the output of one picture.
  void forward(const float* x, const float* bias, const float* uniform, float* y, int first, int end) {
    this->bias = bias, this->uniform = uniform;
    restart(first);
    put(values[0], const_cast<float*>(x), sides[0].rows);
    put(values[count], y, first);
    need(count, end);
  }

  // The gradient at one picture's input, and that of the biases (C), where there are some.
  void backward(const float* g, const float* x, const float* bias, const float* uniform, float* dx, float* dbias) {
    this->bias = bias, this->uniform = uniform;
    restart(0);
    put(values[0], const_cast<float*>(x), sides[0].rows);
    put(gradients[count], const_cast<float*>(g), sides[count].rows);
    int start = stages[0].kind == BIAS;  // a bias changes no gradient
    put(gradients[start], dx, 0);
    for (int row = 0; row < sides[0].rows; row++) {
      need_gradient(start, row + 1);
      if (start && dx) add_up(gradients[start].read(row), dbias);
    }
  }

  // Finds out how many rows must be kept, and hands out memory for them.
  void plan(bool backwards) {
    if (backwards)
      backward(nullptr, nullptr, nullptr, nullptr, nullptr, nullptr);
    else
      forward(nullptr, nullptr, nullptr, nullptr, 0, output().rows);
    int64_t floats = 0;
    for (int k = 0; k < count; k++) floats += scratch_floats(k);
    for (auto* rows : {&values, &gradients, &measured, &direct, &shares})
      for (Rows& ring : *rows) floats += (int64_t)ring.capacity() * ring.length + LANES;
    memory.assign(floats, 0.0f);
    float* at = memory.data();
    for (int k = 0; k < count; k++) scratch.push_back(at), at += scratch_floats(k);
    for (auto* rows : {&values, &gradients, &measured, &direct, &shares})
      for (Rows& ring : *rows) {
        ring.data = at, ring.mask = ring.capacity() - 1;
        at += (int64_t)ring.capacity() * ring.length + LANES;
      }
    dry = false;
  }

 private:
  bool is_pool(int k) const { return stages[k].kind >= POOL_MAX && stages[k].kind <= POOL_MAGNITUDE; }

  // Stage k's own memory: norms across maps rely on the zeros between the pixels of theirs.
  int64_t scratch_floats(int k) const {
    int neighbours = is_pool(k) ? 0 : stages[k].size;
    int64_t padded = 2 * (int64_t)sides[k].columns * Padded::floats_for_pixel(channels, neighbours);
    return std::max(padded, (int64_t)(sides[k].columns + neighbours + 1) * channels) + 2 * LANES;
  }

  static void put(Rows& rows, float* data, int made) { rows.data = data, rows.mask = -1, rows.next = made; }

  // Nothing has been made; the first output row to be made is `first`.
  void restart(int first) {
    for (auto* rows : {&values, &gradients, &measured, &direct, &shares})
      for (Rows& ring : *rows) ring.next = 0;
    for (int k = count; k > 0; k--) {
      values[k].next = first;
      const Stage& stage = stages[k - 1];
      if (is_pool(k - 1)) first = std::min(window_begin(stage, first), sides[k - 1].rows);
      if (stage.kind == WITHIN) first = std::max(0, first - stage.size / 2);
      if (stage.kind == CONTRAST) {
        measured[k - 1].next = std::max(0, first - stage.size / 2);
        first = std::max(0, measured[k - 1].next - stage.size / 2);
      }
    }
  }

  // Rows of `from` in [begin, end), as pointers.
  const float* const* rows_of(Rows& from, int begin, int end) {
    pointers.resize(std::max(1, end - begin));
    for (int row = begin; row < end; row++) pointers[row - begin] = from.read(row);
    return pointers.data();
  }

  int below(int k) const { return stages[k].size / 2; }
  int above(int k) const { return stages[k].size - 1 - stages[k].size / 2; }

  void need(int k, int end) {
    for (; values[k].next < end; values[k].next++) make(k - 1, values[k].next);
  }

  // Row r of what stage k gives.
  void make(int k, int r) {
    const Stage& stage = stages[k];
    if (is_pool(k)) return make_pool(k, r);
    if (stage.kind == WITHIN || stage.kind == CONTRAST) return make_within(k, r);
    need(k, r + 1);
    const float* x = values[k].read(r);
    float* y = values[k + 1].write();
    if (dry) return;
    int columns = sides[k].columns, length = values[k].length;
    if (stage.kind == BIAS) add_bias(x, bias, y, columns, channels);
    if (stage.kind == RELU) relu(x, y, length);
    if (stage.kind == DROPOUT) dropout(x, uniform + (int64_t)r * length, y, length, stage);
    if (stage.kind == ACROSS || stage.kind == BLOCKED) norm_across(x, y, columns, channels, stage, scratch[k]);
  }

  void make_pool(int k, int r) {
    const Stage& stage = stages[k];
    int begin = window_begin(stage, r), end = window_end(stage, r, sides[k].rows), columns = sides[k].columns;
    need(k, end);
    const float* const* rows = rows_of(values[k], begin, end);
    float* y = values[k + 1].write();
    if (dry) return;
    int row_count = std::max(0, end - begin);
    if (stage.kind == POOL_MAGNITUDE)
      magnitude_row(rows, row_count, y, columns, channels, stage);
    else if (stage.kind == POOL_MAX)
      pool_row<true>(rows, row_count, y, columns, channels, stage, scratch[k]);
    else
      pool_row<false>(rows, row_count, y, columns, channels, stage, scratch[k]);
  }

  void make_within(int k, int r) {
    int begin = std::max(0, r - below(k)), end = std::min(sides[k].rows, r + above(k) + 1);
    Rows& squared_rows = need_measured(k, end);
    const float* const* rows = rows_of(squared_rows, begin, end);
    const float* x = values[k].read(r);
    float* y = values[k + 1].write();
    if (dry) return;
    const Stage& stage = stages[k];
    window_sums(rows, end - begin, sides[k].columns, channels, below(k), above(k), scratch[k], squared,
                [&](int i, int n, V sum) { store_part(y + i, normalised(load_part(x + i, n), sum, stage), n); });
  }

  // What stage k squares, up to row `end`: its input, or for contrast the distance to the mean around it.
  Rows& need_measured(int k, int end) {
    if (stages[k].kind == WITHIN) {
      need(k, end);
      return values[k];
    }
    for (Rows& made = measured[k]; made.next < end; made.next++) {
      int r = made.next, last = std::min(sides[k].rows, r + above(k) + 1), begin = std::max(0, r - below(k));
      need(k, last);
      const float* const* rows = rows_of(values[k], begin, last);
      const float* x = values[k].read(r);
      float* d = made.write();
      if (dry) continue;
      int columns = sides[k].columns, before = below(k), after = above(k), row_count = last - begin;
      window_sums(rows, row_count, columns, channels, before, after, scratch[k], itself, [&](int i, int n, V sum) {
        for (int lane = 0; lane < n; lane++) {
          int pixel = (i + lane) / channels;
          sum[lane] /= (float)(row_count * (std::min(columns, pixel + after + 1) - std::max(0, pixel - before)));
        }
        store_part(d + i, load_part(x + i, n) - sum, n);
      });
    }
    return measured[k];
  }

  void need_gradient(int k, int end) {
    for (; gradients[k].next < end; gradients[k].next++) make_gradient(k, gradients[k].next);
  }

  // Row r of the gradient at the input of stage k.
  void make_gradient(int k, int r) {
    const Stage& stage = stages[k];
    if (is_pool(k)) return make_pool_gradient(k, r);
    if (stage.kind == WITHIN || stage.kind == CONTRAST) return make_within_gradient(k, r);
    need_gradient(k + 1, r + 1);
    if (stage.kind != DROPOUT) need(k, r + 1);
    const float* g = gradients[k + 1].read(r);
    const float* x = stage.kind != DROPOUT ? values[k].read(r) : nullptr;
    float* dx = gradients[k].write();
    if (dry) return;
    int columns = sides[k].columns, length = values[k].length;
    if (stage.kind == RELU) relu_gradient(x, g, dx, length);
    if (stage.kind == DROPOUT) dropout(g, uniform + (int64_t)r * length, dx, length, stage);
    if (stage.kind == ACROSS || stage.kind == BLOCKED)
      norm_across_gradient(x, g, dx, columns, channels, stage, scratch[k]);
  }

  void make_pool_gradient(int k, int r) {
    const Stage& stage = stages[k];
    bool picks = stage.kind == POOL_MAX || stage.kind == POOL_MAGNITUDE;
    int first = first_window(stage, r), last = last_window(stage, r);
    need_gradient(k + 1, last + 1);
    if (picks) need(k, r + 1), need(k + 1, last + 1);
    float* dx = gradients[k].write();
    if (!dry) std::fill(dx, dx + gradients[k].length, 0.0f);
    for (int o = first; o <= last; o++) {
      const float *g = gradients[k + 1].read(o), *x = picks ? values[k].read(r) : nullptr;
      const float* y = picks ? values[k + 1].read(o) : nullptr;
      int rows = window_end(stage, o, sides[k].rows) - window_begin(stage, o);
      if (!dry) pool_gradient_row(x, y, g, dx, sides[k].columns, channels, rows, stage);
    }
  }

  void make_within_gradient(int k, int r) {
    int begin = std::max(0, r - above(k)), end = std::min(sides[k].rows, r + below(k) + 1);
    need_shares(k, end);
    const float* const* rows = rows_of(shares[k], begin, end);
    const float* whole = (stages[k].kind == WITHIN ? values : measured)[k].read(r);
    const float* part = direct[k].read(r);
    float* dx = gradients[k].write();
    if (dry) return;
    const Stage& stage = stages[k];
    window_sums(rows, end - begin, sides[k].columns, channels, above(k), below(k), scratch[k], itself,
                [&](int i, int n, V sum) {
                  store_part(dx + i, norm_gradient(load_part(part + i, n), load_part(whole + i, n), sum, stage), n);
                });
  }

  // The two parts of the gradient of stage k up to row `end`: see norm_parts.
  void need_shares(int k, int end) {
    for (; shares[k].next < end; shares[k].next++, direct[k].next++) {
      int r = shares[k].next, begin = std::max(0, r - below(k)), last = std::min(sides[k].rows, r + above(k) + 1);
      need_gradient(k + 1, r + 1);
      Rows& squared_rows = need_measured(k, last);
      const float* const* rows = rows_of(squared_rows, begin, last);
      const float *x = values[k].read(r), *g = gradients[k + 1].read(r);
      float *part = direct[k].write(), *share = shares[k].write();
      if (dry) continue;
      const Stage& stage = stages[k];
      window_sums(rows, last - begin, sides[k].columns, channels, below(k), above(k), scratch[k], squared,
                  [&](int i, int n, V sum) {
                    V a, b;
                    norm_parts(load_part(g + i, n), load_part(x + i, n), sum, stage, a, b);
                    store_part(part + i, a, n);
                    store_part(share + i, b, n);
                  });
    }
  }

  void add_up(const float* row, float* sums) const {
    for (int pixel = 0; pixel < sides[0].columns; pixel++, row += channels)
      across_row(channels, [&](int c, int n) { store_part(sums + c, load_part(sums + c, n) + load_part(row + c, n), n); });
  }

  const Stage* stages;
  int count, channels;
  std::vector<Side> sides;                       // of the input of each stage, and of the output
  std::vector<Rows> values, gradients;           // at those places
  std::vector<Rows> measured, direct, shares;    // of norms within a map
  std::vector<float> memory;
  std::vector<float*> scratch;  // parts of it
  std::vector<const float*> pointers;
  const float *bias = nullptr, *uniform = nullptr;
  bool dry = true;
};

constexpr int64_t CHUNK_FLOATS = 1 << 15;  // small pictures are taken several at a time: 128 kB

int64_t ceil_of(int64_t value, int64_t part) { return (value + part - 1) / part; }

}  // namespace

// x (N, H, W, C) -> y (N, rows, columns, C); `bias` (C) and `uniform` (as y) where there are such stages.
EXPORT void chain_forward(const float* x, const float* bias, const float* uniform, float* y, const Shape* shape,
                          const Stage* stages, int count, int threads) {
  auto output = Chain(*shape, stages, count).output();
  int64_t in = shape->rows * shape->columns * shape->channels;
  int64_t out = (int64_t)output.rows * output.columns * shape->channels;
  if (in == 0 || out == 0 || shape->images == 0) return;
  // Few pictures are cut into bands of rows; the rows at their borders are made twice.
  int64_t wanted = shape->images >= 2 * threads ? 1 : ceil_of(4 * threads, shape->images);
  int band = (int)ceil_of(output.rows, threads > 1 ? std::min<int64_t>(wanted, ceil_of(output.rows, 4)) : 1);
  int64_t bands = ceil_of(output.rows, band), group = bands > 1 ? 1 : ceil_of(CHUNK_FLOATS, in);
  for_each_chunk(ceil_of(shape->images, group) * bands, threads, [&] {
    auto chain = std::make_unique<Chain>(*shape, stages, count);
    chain->plan(false);
    return [&, chain = std::move(chain)](int64_t chunk) {
      int first = (int)(chunk % bands) * band;
      int64_t begin = chunk / bands * group, end = std::min(shape->images, begin + group);
      for (int64_t n = begin; n < end; n++)
        chain->forward(x + n * in, bias, uniform ? uniform + n * out : nullptr, y + n * out, first,
                       std::min(output.rows, first + band));
    };
  });
}

// g as y, x as above -> dx as x; dbias (N, C), by picture and zero before, so that no sum hangs on the threads.
EXPORT void chain_backward(const float* g, const float* x, const float* bias, const float* uniform, float* dx,
                           float* dbias, const Shape* shape, const Stage* stages, int count, int threads) {
  auto output = Chain(*shape, stages, count).output();
  int64_t in = shape->rows * shape->columns * shape->channels;
  int64_t out = (int64_t)output.rows * output.columns * shape->channels;
  if (in == 0 || shape->images == 0) return;
  int64_t group = ceil_of(CHUNK_FLOATS, in);
  for_each_chunk(ceil_of(shape->images, group), threads, [&] {
    auto chain = std::make_unique<Chain>(*shape, stages, count);
    chain->plan(true);
    return [&, chain = std::move(chain)](int64_t chunk) {
      int64_t end = std::min(shape->images, (chunk + 1) * group);
      for (int64_t n = chunk * group; n < end; n++)
        chain->backward(g + n * out, x + n * in, bias, uniform ? uniform + n * out : nullptr, dx + n * in,
                        dbias + n * shape->channels);
    };
  });
}
