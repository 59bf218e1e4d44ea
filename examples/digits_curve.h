/* The loss of every step, drawn as an SVG. */
#ifndef DIGITS_CURVE_H_
#define DIGITS_CURVE_H_

#include <math.h>
#include <stdio.h>
#include <stdlib.h>

typedef struct {
  double* values;
  size_t count, capacity;
} Curve;

static inline void curve_init(Curve* curve) {
  curve->values = NULL;
  curve->count = curve->capacity = 0;
}

static inline void curve_free(Curve* curve) { free(curve->values); }

/* A curve that cannot grow stops growing. */
static inline void curve_add(Curve* curve, double value) {
  if (curve->count == curve->capacity) {
    const size_t capacity = curve->capacity == 0 ? 1024 : 2 * curve->capacity;
    double* values = realloc(curve->values, capacity * sizeof *values);
    if (values == NULL) return;
    curve->values = values;
    curve->capacity = capacity;
  }
  curve->values[curve->count++] = value;
}

/* Writes the curve on a logarithmic scale, smoothed over a hundredth of the steps. 0, or -1 when the file
 * cannot be written. */
static inline int curve_write(const Curve* curve, const char* path) {
  enum { LEFT = 70, TOP = 30, WIDTH = 640, HEIGHT = 300 };
  const double memory = exp(-1.0 / fmax(1.0, (double)curve->count / 100.0));
  double smooth, least = HUGE_VAL, most = 0, low, high, decade;
  size_t i;
  FILE* file = fopen(path, "w");
  if (file == NULL) return -1;
  for (i = 0, smooth = 0; i < curve->count; ++i) {
    smooth = i == 0 ? curve->values[0] : memory * smooth + (1 - memory) * curve->values[i];
    least = fmin(least, smooth);
    most = fmax(most, smooth);
  }
  low = floor(log10(fmax(least, 1e-12)));
  high = ceil(log10(fmax(most, 1e-11)));
  if (high <= low) high = low + 1;

  fprintf(file,
          "<svg xmlns=\"http://www.w3.org/2000/svg\" width=\"%d\" height=\"%d\" font-family=\"sans-serif\" "
          "font-size=\"12\">\n<rect width=\"100%%\" height=\"100%%\" fill=\"white\"/>\n",
          LEFT + WIDTH + 30, TOP + HEIGHT + 50);
  for (decade = low; decade <= high; ++decade) {
    const double y = TOP + HEIGHT * (high - decade) / (high - low);
    fprintf(file,
            "<line x1=\"%d\" y1=\"%.1f\" x2=\"%d\" y2=\"%.1f\" stroke=\"#ddd\"/>\n"
            "<text x=\"%d\" y=\"%.1f\" text-anchor=\"end\">%g</text>\n",
            LEFT, y, LEFT + WIDTH, y, LEFT - 8, y + 4, pow(10, decade));
  }
  fprintf(
      file,
      "<text x=\"%d\" y=\"%d\">0</text>\n<text x=\"%d\" y=\"%d\" text-anchor=\"end\">%lu</text>\n"
      "<text x=\"%d\" y=\"%d\" text-anchor=\"middle\">step</text>\n"
      "<text x=\"16\" y=\"%d\" transform=\"rotate(-90 16 %d)\" text-anchor=\"middle\">training loss</text>\n",
      LEFT, TOP + HEIGHT + 18, LEFT + WIDTH, TOP + HEIGHT + 18, (unsigned long)curve->count, LEFT + WIDTH / 2,
      TOP + HEIGHT + 36, TOP + HEIGHT / 2, TOP + HEIGHT / 2);
  fprintf(file, "<polyline fill=\"none\" stroke=\"#2266aa\" stroke-width=\"1.5\" points=\"");
  for (i = 0, smooth = 0; i < curve->count; ++i) {
    smooth = i == 0 ? curve->values[0] : memory * smooth + (1 - memory) * curve->values[i];
    fprintf(file, "%.1f,%.1f ", LEFT + WIDTH * (double)i / fmax(1.0, (double)curve->count - 1),
            TOP + HEIGHT * (high - log10(fmax(smooth, 1e-12))) / (high - low));
  }
  fprintf(file, "\"/>\n</svg>\n");
  return fclose(file) == 0 ? 0 : -1;
}

#endif
