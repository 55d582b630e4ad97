// A program that makes one launch: `PROGRAM FILE` reads the launch from FILE and writes its buffers back there.
//
// FILE holds int64 numbers: grid (3), block (3), shared bytes, count of arguments; and of each argument its kind
// (0 a value, 1 a buffer, 2 a null pointer), its size in bytes, and those bytes. Each buffer is an allocation
// of its own, of exactly its size, so that the address sanitizer sees whatever is read or written beside it.
#pragma once
#include <cstdio>

inline int64_t next_number(FILE* file) {
  int64_t number = 0;
  if (std::fread(&number, 8, 1, file) != 1) std::abort();
  return number;
}

template <class... P>
int recorded_launch(void (*kernel)(P...), const char* path) {
  FILE* file = std::fopen(path, "r+b");
  if (!file) return 2;
  unsigned grid[3], block[3];
  for (unsigned& side : grid) side = (unsigned)next_number(file);
  for (unsigned& side : block) side = (unsigned)next_number(file);
  int64_t shared_bytes = next_number(file), count = next_number(file);
  if (count != sizeof...(P)) return 3;
  struct Argument {
    int64_t kind, size;
    long place;
    void* bytes;
    void* pointer;
  };
  std::vector<Argument> all;
  for (int64_t i = 0; i < count; i++) {
    Argument one{next_number(file), next_number(file), std::ftell(file), nullptr, nullptr};
    one.bytes = std::malloc(one.size);
    if (one.size && std::fread(one.bytes, one.size, 1, file) != 1) return 4;
    all.push_back(one);
  }
  std::vector<void*> arguments;
  for (Argument& one : all) {
    one.pointer = one.kind == 1 ? one.bytes : nullptr;
    arguments.push_back(one.kind == 0 ? one.bytes : &one.pointer);
  }
  shim_launch(kernel, grid, block, shared_bytes, arguments.data());
  for (Argument& one : all) {
    std::fseek(file, one.place, SEEK_SET);
    if (one.size && std::fwrite(one.bytes, one.size, 1, file) != 1) return 5;
    std::free(one.bytes);
  }
  return std::fclose(file) ? 6 : 0;
}
