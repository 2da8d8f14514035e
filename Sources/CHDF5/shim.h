#pragma once
#include <hdf5.h>

// HDF5's type and property names are macros that run code, which Swift cannot see: one function each.
static inline hid_t glint_h5_native_float(void) { return H5T_NATIVE_FLOAT; }
static inline hid_t glint_h5_c_string(void) { return H5T_C_S1; }
static inline hid_t glint_h5_f32le(void) { return H5T_IEEE_F32LE; }
static inline hid_t glint_h5_f64le(void) { return H5T_IEEE_F64LE; }
static inline hid_t glint_h5_u32le(void) { return H5T_STD_U32LE; }
static inline hid_t glint_h5_i32le(void) { return H5T_STD_I32LE; }
static inline size_t glint_h5_variable(void) { return H5T_VARIABLE; }
static inline hid_t glint_h5_default(void) { return H5P_DEFAULT; }
static inline hid_t glint_h5_dataset_create(void) { return H5P_DATASET_CREATE; }
static inline hid_t glint_h5_file_create(void) { return H5P_FILE_CREATE; }
static inline hid_t glint_h5_all(void) { return H5S_ALL; }
static inline hsize_t glint_h5_unlimited(void) { return H5S_UNLIMITED; }
static inline unsigned glint_h5_truncate(void) { return H5F_ACC_TRUNC; }
static inline void glint_h5_quiet(void) { H5Eset_auto2(H5E_DEFAULT, 0, 0); }
static inline hid_t glint_h5_i64le(void) { return H5T_STD_I64LE; }
// Properties of a file that is written without a lock: nobody else knows its temporary name, and some shares
// have no locks. A negative number means an error.
static inline hid_t glint_h5_unlocked(void) {
  hid_t access = H5Pcreate(H5P_FILE_ACCESS);
#if H5_VERSION_GE(1, 10, 7)
  if (access >= 0 && H5Pset_file_locking(access, 0, 1) < 0) {
    H5Pclose(access);
    return -1;
  }
#endif
  return access;
}
static inline hid_t glint_h5_i8le(void) { return H5T_STD_I8LE; }

// The deepest entry of the library's error stack in words ("No space left on device" stands there).
static inline herr_t glint_h5_first_message(unsigned n, const H5E_error2_t *e, void *text) {
  if (n == 0 && e->desc) {
    char *to = (char *)text;
    size_t i = 0;
    for (; i < 511 && e->desc[i]; ++i) to[i] = e->desc[i];
    to[i] = 0;
  }
  return 0;
}
/// `text` has room for 512 bytes.
static inline void glint_h5_message(char *text) {
  text[0] = 0;
  H5Ewalk2(H5E_DEFAULT, H5E_WALK_UPWARD, glint_h5_first_message, text);
}
