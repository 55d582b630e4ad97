// What fragments.h lets a tensor core do, in plain C: the threads of a warp show each other their fragments.
//
// Written from NVIDIA's tables of mma.sync (PTX ISA, "Matrix fragments for mma.m16n8k16" and "... m16n8k8"): which
// value of a matrix each register of each thread holds.
#pragma once

namespace shim {

struct Fragments {
  unsigned a[4], b[2];
};

// The values of one register, first the one that lies lower in the depth.
inline int values(unsigned word, float* to) {
  constexpr int COUNT = 4 / sizeof(SCALAR);
  SCALAR parts[COUNT];
  std::memcpy(parts, &word, 4);
  for (int i = 0; i < COUNT; i++) to[i] = as_float(parts[i]);
  return COUNT;
}

// A[row] times B[column], over the eight words of the depth.
inline float product(int row, int column) {
  float sum = 0;
  for (int word = 0; word < 8; word++) {
    auto* of_row = reinterpret_cast<Fragments*>(warp_places()[row % 8 * 4 + word % 4]);
    auto* of_column = reinterpret_cast<Fragments*>(warp_places()[column * 4 + word % 4]);
    float a[2], b[2];
    int count = values(of_row->a[word / 4 * 2 + row / 8], a);
    values(of_column->b[word / 4], b);
    for (int i = 0; i < count; i++) sum += a[i] * b[i];
  }
  return sum;
}

}  // namespace shim

inline void multiply_fragments(float (&c)[4], const unsigned (&a)[4], const unsigned (&b)[2]) {
  shim::Fragments mine{{a[0], a[1], a[2], a[3]}, {b[0], b[1]}};
  shim::warp_places()[shim::lane()] = reinterpret_cast<uint64_t>(&mine);
  shim::wait_for_warp();
  for (int i = 0; i < 4; i++) c[i] += shim::product(shim::lane() / 4 + i / 2 * 8, shim::lane() % 4 * 2 + i % 2);
  shim::wait_for_warp();
}
