#pragma once
#include <hdf5.h>

// HDF5's type and property names are macros that run code, which Swift cannot see: one function each.
static inline hid_t glint_h5_native_float(void) { return H5T_NATIVE_FLOAT; }
static inline hid_t glint_h5_native_double(void) { return H5T_NATIVE_DOUBLE; }
static inline hid_t glint_h5_native_int32(void) { return H5T_NATIVE_INT32; }
static inline hid_t glint_h5_native_uint32(void) { return H5T_NATIVE_UINT32; }
static inline hid_t glint_h5_native_int64(void) { return H5T_NATIVE_INT64; }
static inline hid_t glint_h5_c_string(void) { return H5T_C_S1; }
static inline hid_t glint_h5_f32le(void) { return H5T_IEEE_F32LE; }
static inline hid_t glint_h5_f64le(void) { return H5T_IEEE_F64LE; }
static inline hid_t glint_h5_u32le(void) { return H5T_STD_U32LE; }
static inline hid_t glint_h5_i32le(void) { return H5T_STD_I32LE; }
static inline size_t glint_h5_variable(void) { return H5T_VARIABLE; }
static inline hid_t glint_h5_default(void) { return H5P_DEFAULT; }
static inline hid_t glint_h5_dataset_create(void) { return H5P_DATASET_CREATE; }
static inline hid_t glint_h5_file_access(void) { return H5P_FILE_ACCESS; }
static inline hid_t glint_h5_all(void) { return H5S_ALL; }
static inline hsize_t glint_h5_unlimited(void) { return H5S_UNLIMITED; }
static inline unsigned glint_h5_rdonly(void) { return H5F_ACC_RDONLY; }
static inline unsigned glint_h5_truncate(void) { return H5F_ACC_TRUNC; }
static inline void glint_h5_quiet(void) { H5Eset_auto2(H5E_DEFAULT, 0, 0); }
static inline hid_t glint_h5_f32be(void) { return H5T_IEEE_F32BE; }
static inline hid_t glint_h5_f64be(void) { return H5T_IEEE_F64BE; }
static inline hid_t glint_h5_i64le(void) { return H5T_STD_I64LE; }
static inline hid_t glint_h5_i8le(void) { return H5T_STD_I8LE; }
static inline hid_t glint_h5_dataset_access(void) { return H5P_DATASET_ACCESS; }

// Where the header of an object lies; HADDR_UNDEF where there is none. Nothing of it is decoded.
static inline haddr_t glint_h5_header(hid_t file, const char *object) {
#if H5_VERSION_GE(1, 12, 0)
  H5O_info1_t info;
#else
  H5O_info_t info;
#endif
  const herr_t status = H5Oget_info_by_name2(file, object, &info, H5O_INFO_BASIC, H5P_DEFAULT);
  return status < 0 ? HADDR_UNDEF : info.addr;
}
/// Bytes before the own ones of the file in which an object lies, 0 where that cannot be told.
static inline hsize_t glint_h5_user_block(hid_t object) {
  hsize_t bytes = 0;
  const hid_t file = H5Iget_file_id(object);
  if (file < 0) return 0;
  const hid_t list = H5Fget_create_plist(file);
  if (list >= 0) {
    H5Pget_userblock(list, &bytes);
    H5Pclose(list);
  }
  H5Fclose(file);
  return bytes;
}

// The deepest entry of the library's error stack in words ("No space left on device" stands there).
static inline herr_t glint_h5_first_message(unsigned n, const H5E_error2_t *e, void *text) {
  if (n == 0 && e->desc) {
    char *to = (char *)text;
    size_t i = 0;
    for (; i < 255 && e->desc[i]; ++i) to[i] = e->desc[i];
    to[i] = 0;
  }
  return 0;
}
/// `text` has room for 256 bytes.
static inline void glint_h5_message(char *text) {
  text[0] = 0;
  H5Ewalk2(H5E_DEFAULT, H5E_WALK_UPWARD, glint_h5_first_message, text);
}
