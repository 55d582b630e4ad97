// Rows of pictures on the CPU: those of one tensor, kept as long as they are needed, and those that memory is asked for.
#pragma once
#include <algorithm>
#include <cstdint>

// The rows of one tensor of a picture: all of them, or a ring of the last few. In a dry run, which has no
// data, `reach` notes how many rows there must be between the newest and the oldest that is still read.
struct Rows {
  float* data = nullptr;
  int mask = -1;  // row r lies at r & mask: in a ring, its size (a power of two) less 1
  int length = 0;
  int all = 0;       // rows there are, where all of them are in memory
  int foreseen = 0;  // rows before this one have been asked for
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

// Memory that will be needed soon, asked for little by little while something is being computed: a row is worked on
// several times over, and memory would rest meanwhile.
class Feed {
 public:
  void restart() { count = current = 0; }
  void add(const float* from, int64_t floats) { ranges[count++] = {from, from + floats}; }

  // Asks for as many lines (64 bytes) as `floats` floats take.
  void step(int floats) {
    for (; floats > 0 && current < count; floats -= LINE) {
      Range& range = ranges[current];
      __builtin_prefetch(range.at, 0, 2);
      range.at += LINE;
      if (range.at >= range.end) current++;
    }
  }

 private:
  static constexpr int LINE = 64 / sizeof(float);
  struct Range {
    const float *at, *end;
  };
  Range ranges[3];
  int count = 0, current = 0;
};
