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

#include "chain_rows.h"
#include "parallel.h"

#define EXPORT extern "C" __attribute__((visibility("default")))

namespace {

int64_t ceil_of(int64_t value, int64_t part) { return (value + part - 1) / part; }

struct Shape {
  int64_t images, channels, rows, columns;  // of the input
};

class Chain {
 public:
  Chain(const Shape& shape, const Stage* given, int length)
      : stages(given, given + length), relu_first(length), count(folded()), channels((int)shape.channels), sides(count + 1), values(count + 1),
        gradients(count + 1), roots(count), measured(count), direct(count), shares(count) {
    sides[0] = {(int)shape.rows, (int)shape.columns};
    for (int k = 0; k < count; k++)
      sides[k + 1] = is_pool(k) ? Side{stages[k].outputs, stages[k].outputs} : sides[k];
    for (int k = 0; k <= count; k++) {
      values[k].length = gradients[k].length = sides[k].columns * channels;
      if (k == count) break;
      for (auto* rows : {&measured, &roots, &direct, &shares}) (*rows)[k].length = values[k].length;
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
    put(values[0], const_cast<float*>(x), sides[0].rows, sides[0].rows);
    put(values[count], y, first, sides[count].rows);
    for (int row = first; row < end; row++) {
      feed.restart();
      foresee(values[0], next_input_row(row), 2 * (int)ceil_of(sides[0].rows, std::max(1, sides[count].rows)));
      need(count, row + 1);
    }
  }

  // The gradient at one picture's input, and that of the biases (C), where there are some.
  void backward(const float* g, const float* x, const float* bias, const float* uniform, float* dx, float* dbias) {
    this->bias = bias, this->uniform = uniform;
    restart(0);
    put(values[0], const_cast<float*>(x), sides[0].rows, sides[0].rows);
    put(gradients[count], const_cast<float*>(g), sides[count].rows, sides[count].rows);
    int start = stages[0].kind == BIAS;  // a bias changes no gradient
    put(gradients[start], dx, 0, sides[start].rows);
    for (int row = 0; row < sides[0].rows; row++) {
      int next = row + 1;
      feed.restart();
      foresee(gradients[start], next, 1);
      foresee(gradients[count], (int)((int64_t)next * sides[count].rows / sides[0].rows) + 1, 1);
      foresee(values[0], std::max(next, next_input_row(next)), 3);
      need_gradient(start, row + 1);
      if (start && dx) add_up(gradients[start].read(row), dbias);
    }
  }

  // Finds out how many rows must be kept, and hands out memory for them.
  void plan(bool backwards) {
    this->backwards = backwards;
    if (backwards)
      backward(nullptr, nullptr, nullptr, nullptr, nullptr, nullptr);
    else
      forward(nullptr, nullptr, nullptr, nullptr, 0, output().rows);
    int64_t floats = LANES;
    for (int k = 0; k < count; k++) floats += in_vectors(scratch_floats(k));
    for (auto* rows : all_rows())
      for (Rows& ring : *rows) floats += in_vectors((int64_t)ring.capacity() * ring.length);
    memory.assign(floats, 0.0f);
    // A vector that begins anywhere takes two accesses to the cache.
    float* at = memory.data() + (-(uintptr_t)memory.data() / sizeof(float)) % LANES;
    for (int k = 0; k < count; k++) scratch.push_back(at), at += in_vectors(scratch_floats(k));
    for (auto* rows : all_rows())
      for (Rows& ring : *rows) {
        ring.data = at, ring.mask = ring.capacity() - 1;
        at += in_vectors((int64_t)ring.capacity() * ring.length);
      }
    dry = false;
  }

 private:
  // Makes one stage of a relu and a norm across maps behind it, which read and write the same places; the count left.
  int folded() {
    for (size_t k = 0; k + 1 < stages.size(); k++)
      if (stages[k].kind == RELU && stages[k + 1].kind == ACROSS && !is_by_memory(stages[k + 1])) {
        stages.erase(stages.begin() + k);
        relu_first[k] = true;
      }
    return (int)stages.size();
  }

  // The first row of the input that has not been read when the first stage is about to make `row`.
  int next_input_row(int row) const {
    if (is_pool(0)) return window_end(stages[0], row, sides[0].rows);
    return values[1].next + (stages[0].kind == WITHIN ? above(0) : 0);
  }

  // Asks for `how_many` rows in memory that will be read or written soon, from `row` on, but for none twice.
  void foresee(Rows& rows, int row, int how_many) {
    int first = std::max(row, rows.foreseen), end = std::min(row + how_many, rows.all);
    if (dry || first >= end) return;
    feed.add(rows.data + (int64_t)first * rows.length, (int64_t)(end - first) * rows.length);
    rows.foreseen = end;
  }

  std::vector<std::vector<Rows>*> all_rows() { return {&values, &gradients, &measured, &roots, &direct, &shares}; }

  // Rounded up, so that what follows begins with a vector too; and a last short vector may be read whole.
  static int64_t in_vectors(int64_t floats) { return (floats + 2 * LANES - 1) / LANES * LANES; }

  bool is_pool(int k) const { return stages[k].kind >= POOL_MAX && stages[k].kind <= POOL_MAGNITUDE; }

  // Stage k's own memory: see the functions of chain_rows.h that are given it.
  int64_t scratch_floats(int k) const {
    const Stage& stage = stages[k];
    if (is_pool(k))
      return std::max((int64_t)sides[k].columns, (int64_t)window_rows(stage) * stage.outputs) * channels;
    if (stage.kind == WITHIN || stage.kind == CONTRAST) return 2 * floats_for_sums(sides[k].columns, channels, stage.size);
    return 4 * (int64_t)channels;
  }

  // Rows of windows that may cover one row of pixels.
  static int window_rows(const Stage& pool) { return std::min(pool.outputs, pool.size / pool.stride + 1); }

  static void put(Rows& rows, float* data, int made, int all) {
    rows.data = data, rows.mask = -1, rows.next = made, rows.all = all, rows.foreseen = 0;
  }

  // Nothing has been made; the first output row to be made is `first`.
  void restart(int first) {
    for (auto* rows : all_rows())
      for (Rows& ring : *rows) ring.next = 0;
    for (int k = count; k > 0; k--) {
      values[k].next = first;
      const Stage& stage = stages[k - 1];
      if (is_pool(k - 1)) first = std::min(window_begin(stage, first), sides[k - 1].rows);
      if (stage.kind != WITHIN && stage.kind != CONTRAST) continue;
      // Sums are made for rows 0 and 1, 2 and 3, ... together, wherever a band begins: always the same way.
      roots[k - 1].next = first / 2 * 2;
      first = std::max(0, roots[k - 1].next - stage.size / 2);
      if (stage.kind == WITHIN) continue;
      measured[k - 1].next = first / 2 * 2;
      first = std::max(0, measured[k - 1].next - stage.size / 2);
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
    float *y = values[k + 1].write(), *kept = keep_roots(k, r);
    if (dry) return;
    int columns = sides[k].columns, length = values[k].length;
    if (stage.kind == BIAS) add_bias(x, bias, y, columns, channels);
    if (stage.kind == RELU) relu(x, y, length);
    if (stage.kind == DROPOUT) dropout(x, uniform + (int64_t)r * length, y, length, stage);
    if (stage.kind == ACROSS && !is_by_memory(stage)) {
      auto norm = relu_first[k] ? norm_across<true> : norm_across<false>;
      norm(x, y, kept, columns, channels, stage, feed);
    }
    if (is_by_memory(stage)) norm_across_by_memory(x, nullptr, y, columns, channels, stage, scratch[k]);
  }

  // Where the roots of a norm across maps are kept on the way to a gradient; null on the way forward.
  float* keep_roots(int k, int r) {
    if (!backwards || stages[k].kind != ACROSS) return nullptr;
    roots[k].next = r;
    float* kept = roots[k].write();
    roots[k].next = r + 1;
    return kept;
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
      pool_row<true>(rows, row_count, y, columns, channels, stage, scratch[k], feed);
    else
      pool_row<false>(rows, row_count, y, columns, channels, stage, scratch[k], feed);
  }

  void make_within(int k, int r) {
    need_roots(k, r + 1);
    const float *x = values[k].read(r), *root = roots[k].read(r);
    float* y = values[k + 1].write();
    if (dry) return;
    const Stage stage = stages[k];
    across_row(values[k].length, [&](int i, int n) {
      store_part(y + i, normalised(load_part(x + i, n), load_part(root + i, n), stage), n);
    });
  }

  // The rows of `from` around rows r and r + 1 of windows, up to row last_reached(k, r).
  Reached reached(Rows& from, int k, int r, int before, int after) {
    int rows = sides[k].rows, begin = std::max(0, r - before), end = last_reached(k, r, after);
    int second_begin = std::max(0, r + 1 - before), first_end = std::min(rows, r + after + 1);
    return {rows_of(from, begin, end), second_begin - begin, first_end - second_begin, end - first_end};
  }
  int last_reached(int k, int r, int after) const { return std::min(sides[k].rows, r + after + 2); }

  // Two rows to write, of which the second may lie beyond the picture, and is then nowhere.
  struct Pair {
    float* rows[2];
    float* operator[](int which) const { return rows[which]; }
  };
  Pair write_two(Rows& rows, int k) {
    Pair pair{{rows.write(), nullptr}};
    if (++rows.next < sides[k].rows) pair.rows[1] = rows.write(), rows.next++;
    return pair;
  }

  // The roots (see norm_root) of stage k, a norm within a map, up to row `end`.
  void need_roots(int k, int end) {
    while (roots[k].next < end) {
      int r = roots[k].next;
      Rows& squared_rows = need_measured(k, last_reached(k, r, above(k)));
      Reached around = reached(squared_rows, k, r, below(k), above(k));
      Pair root = write_two(roots[k], k);
      if (dry) continue;
      const Stage stage = stages[k];
      window_sums(around, sides[k].columns, channels, below(k), above(k), scratch[k], feed, squared,
                  [&](int which, int i, int n, V sum) {
                    if (root[which]) store_part(root[which] + i, norm_root(sum, stage), n);
                  });
    }
  }

  // What stage k squares, up to row `end`: its input, or for contrast the distance to the mean around it.
  Rows& need_measured(int k, int end) {
    if (stages[k].kind == WITHIN) {
      need(k, end);
      return values[k];
    }
    while (measured[k].next < end) {
      int r = measured[k].next, rows = sides[k].rows, columns = sides[k].columns, before = below(k), after = above(k);
      need(k, last_reached(k, r, after));
      Reached around = reached(values[k], k, r, before, after);
      const float* x[] = {values[k].read(r), r + 1 < rows ? values[k].read(r + 1) : nullptr};
      Pair distances = write_two(measured[k], k);
      if (dry) continue;
      window_sums(around, columns, channels, before, after, scratch[k], feed, itself,
                  [&](int which, int i, int n, V sum) {
                    if (!distances[which]) return;
                    int height = std::min(rows, r + which + after + 1) - std::max(0, r + which - before);
                    for (int lane = 0; lane < n; lane++) {
                      int pixel = (i + lane) / channels;
                      int width = std::min(columns, pixel + after + 1) - std::max(0, pixel - before);
                      sum[lane] /= (float)(height * width);
                    }
                    store_part(distances[which] + i, load_part(x[which] + i, n) - sum, n);
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
    // Where later stages asked for the values, the roots came along.
    const float* kept = roots[k].next > r ? roots[k].read(r) : nullptr;
    float* dx = gradients[k].write();
    if (dry) return;
    int columns = sides[k].columns, length = values[k].length;
    if (stage.kind == RELU) relu_gradient(x, g, dx, length);
    if (stage.kind == DROPOUT) dropout(g, uniform + (int64_t)r * length, dx, length, stage);
    if (stage.kind == ACROSS && !is_by_memory(stage)) {
      auto norm = relu_first[k] ? norm_across_gradient<true> : norm_across_gradient<false>;
      norm(x, g, dx, kept, columns, channels, stage, feed);
    }
    if (is_by_memory(stage)) norm_across_by_memory(x, g, dx, columns, channels, stage, scratch[k]);
  }

  void make_pool_gradient(int k, int r) {
    const Stage& stage = stages[k];
    bool picks = stage.kind == POOL_MAX || stage.kind == POOL_MAGNITUDE;
    int first = first_window(stage, r), last = last_window(stage, r), columns = sides[k].columns;
    need_gradient(k + 1, last + 1);
    if (picks) need(k, r + 1), need(k + 1, last + 1);
    windows.clear();
    for (int o = first; o <= last; o++) {
      windows.push_back({picks ? values[k + 1].read(o) : nullptr, gradients[k + 1].read(o)});
      if (dry || stage.kind != POOL_AVERAGE) continue;
      float* shares = scratch[k] + (int64_t)(o - first) * stage.outputs * channels;
      int height = window_end(stage, o, sides[k].rows) - window_begin(stage, o);
      mean_shares(windows.back().g, shares, height, columns, channels, stage);
      windows.back().g = shares;
    }
    const float* x = picks ? values[k].read(r) : nullptr;
    float* dx = gradients[k].write();
    if (dry) return;
    auto send = picks ? pool_gradient_row<true> : pool_gradient_row<false>;
    send(x, windows.data(), (int)windows.size(), dx, columns, channels, stage, feed);
  }

  // Rows r and r + 1; the caller counts the last of them.
  void make_within_gradient(int k, int r) {
    need_shares(k, last_reached(k, r, below(k)));
    Reached around = reached(shares[k], k, r, above(k), below(k));
    Rows& squared_rows = stages[k].kind == WITHIN ? values[k] : measured[k];
    int second = std::min(r + 1, sides[k].rows - 1);
    const float *whole[] = {squared_rows.read(r), squared_rows.read(second)};
    const float *part[] = {direct[k].read(r), direct[k].read(second)};
    Pair dx = write_two(gradients[k], k);
    gradients[k].next--;
    if (dry) return;
    const Stage stage = stages[k];
    window_sums(around, sides[k].columns, channels, above(k), below(k), scratch[k], feed, itself,
                [&](int which, int i, int n, V sum) {
                  if (!dx[which]) return;
                  V direct = load_part(part[which] + i, n), value = load_part(whole[which] + i, n);
                  store_part(dx[which] + i, norm_gradient(direct, value, sum, stage), n);
                });
  }

  // The two parts of the gradient of stage k up to row `end`: see norm_parts.
  void need_shares(int k, int end) {
    for (; shares[k].next < end; shares[k].next++, direct[k].next++) {
      int r = shares[k].next;
      need_gradient(k + 1, r + 1);
      need_roots(k, r + 1);
      const float *x = values[k].read(r), *g = gradients[k + 1].read(r), *root = roots[k].read(r);
      float *part = direct[k].write(), *share = shares[k].write();
      if (dry) continue;
      const Stage stage = stages[k];
      across_row(values[k].length, [&](int i, int n) {
        V a, b;
        norm_parts(load_part(g + i, n), load_part(x + i, n), load_part(root + i, n), stage, a, b);
        store_part(part + i, a, n);
        store_part(share + i, b, n);
      });
    }
  }

  void add_up(const float* row, float* sums) const {
    for (int pixel = 0; pixel < sides[0].columns; pixel++, row += channels)
      across_row(channels, [&](int c, int n) { store_part(sums + c, load_part(sums + c, n) + load_part(row + c, n), n); });
  }

  std::vector<Stage> stages;
  std::vector<char> relu_first;  // whether stage k, a norm across maps, begins with a relu
  int count, channels;
  std::vector<Side> sides;                       // of the input of each stage, and of the output
  std::vector<Rows> values, gradients;           // at those places
  std::vector<Rows> roots;                       // of norms, where they are kept
  std::vector<Rows> measured, direct, shares;    // of norms within a map
  std::vector<float> memory;
  std::vector<float*> scratch;  // parts of it
  std::vector<const float*> pointers;
  std::vector<WindowRow> windows;
  const float *bias = nullptr, *uniform = nullptr;
  Feed feed;
  bool backwards = false, dry = true;
};

constexpr int64_t CHUNK_FLOATS = 1 << 15;  // small pictures are taken several at a time: 128 kB

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
