// Writes a small data set in CIFAR-10's binary format: make_cifar FOLDER IMAGES: five training files and a
// test file of as many images each. An image is a wave whose direction, length and colour are its class's,
// with noise and at a random place; so there is something to learn, and a mirrored image keeps its class.
#include <math.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>

static uint32_t state = 1;

static double uniform(void) {
  state = state * 1664525u + 1013904223u;
  return (state >> 8) / 16777216.0;
}

static void write_file(const char* folder, const char* name, long images) {
  char path[4096];
  snprintf(path, sizeof path, "%s/%s", folder, name);
  FILE* file = fopen(path, "wb");
  if (!file) {
    perror(path);
    exit(1);
  }
  for (long i = 0; i < images; i++) {
    const int label = (int)(i % 10);
    const double place = 6.2831853 * uniform();
    fputc(label, file);
    for (int channel = 0; channel < 3; channel++) {
      const double height = (label + channel) % 3 == 0 ? 90 : 25;
      for (int y = 0; y < 32; y++) {
        for (int x = 0; x < 32; x++) {
          const double along = label % 2 ? x : y;
          const double wave = sin(0.2 * (1 + label / 2) * along + place);
          fputc((int)(128 + height * wave + 20 * (uniform() - 0.5)), file);
        }
      }
    }
  }
  if (fclose(file) != 0) {
    perror(path);
    exit(1);
  }
}

int main(int argc, char** argv) {
  if (argc != 3) {
    fprintf(stderr, "usage: make_cifar FOLDER IMAGES\n");
    return 2;
  }
  const long images = strtol(argv[2], NULL, 10);
  for (int i = 1; i <= 5; i++) {
    char name[32];
    snprintf(name, sizeof name, "data_batch_%d.bin", i);
    write_file(argv[1], name, images);
  }
  write_file(argv[1], "test_batch.bin", images);
  return 0;
}
