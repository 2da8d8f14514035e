/// Scripts for h5py.
enum HDF5Files {
  /// Writes a file with every layout, type and filter, and a JSON file with its contents.
  /// Arguments: path, the oldest and the newest library version that may read it, and where
  /// track_order is set.
  static let matrix = #"""
    import h5py, json, numpy as np, sys
    path, low, high, ordered = sys.argv[1:5]
    f = h5py.File(path, "w", libver=(low, high), track_order=ordered == "1")
    rng = np.random.default_rng(3)
    numbers, texts, tables, attributes = {}, {}, {}, {}

    def keep(name, data):
        data = np.asarray(data)
        numbers[name] = {"shape": list(data.shape), "values": [float(v) for v in data.ravel()]}

    def put(name, data, **options):
        d = f.create_dataset(name, data=data, **options)
        keep(name, data)
        return d

    for t in ["u1", "i1", "<u2", ">u2", "<i2", ">i2", "<u4", ">i4", "<i4", "<u8", ">i8", "<i8",
              "<f2", ">f2", "<f4", ">f4", "<f8", ">f8"]:
        a = rng.normal(0, 50, (7, 5)) if "f" in t else rng.integers(0 if "u" in t else -100, 100, (7, 5))
        put("types/" + t.replace("<", "little ").replace(">", "big "), a.astype(t))
    put("types/truth", rng.integers(0, 2, 9).astype(bool))

    def lowlevel(name, data, layout=None, early=False, **options):
        p = h5py.h5p.create(h5py.h5p.DATASET_CREATE)
        if layout is not None: p.set_layout(layout)
        if early:
            p.set_chunk(options["chunks"])
            p.set_alloc_time(h5py.h5d.ALLOC_TIME_EARLY)
        s = h5py.h5s.create_simple(data.shape)
        d = h5py.h5d.create(f.require_group("layouts").id, name.encode(), h5py.h5t.py_create(data.dtype), s, p)
        d.write(h5py.h5s.ALL, h5py.h5s.ALL, np.ascontiguousarray(data))
        keep("layouts/" + name, data)

    solid = rng.normal(size=(17, 11, 5)).astype("f4")
    put("layouts/contiguous", solid)
    lowlevel("compact", solid[:5], layout=h5py.h5d.COMPACT)
    lowlevel("early", solid, early=True, chunks=(4, 3, 2))
    put("layouts/scalar", 4.5)
    put("layouts/empty", np.zeros((0, 3)))
    put("layouts/empty resizable", np.zeros((0,), "f4"), chunks=(8,), maxshape=(None,))
    f["layouts/nothing"] = h5py.Empty("f4")
    filters = {
        "plain": {}, "gzip": dict(compression="gzip"), "shuffle": dict(shuffle=True),
        "gzip shuffle": dict(compression="gzip", shuffle=True), "fletcher32": dict(fletcher32=True),
        "all": dict(compression="gzip", shuffle=True, fletcher32=True),
        "lzf": dict(compression="lzf"), "lzf shuffle": dict(compression="lzf", shuffle=True),
    }
    noise = rng.integers(0, 2**32, (50, 7)).astype("u4")
    shapes = {
        "one": dict(chunks=(17, 11, 5)), "fixed": dict(chunks=(4, 3, 5)), "cut": dict(chunks=(5, 4, 3)),
        "grows": dict(chunks=(4, 3, 5), maxshape=(None, 11, 5)),
        "grows second": dict(chunks=(4, 3, 2), maxshape=(17, None, 5)),
        "grows twice": dict(chunks=(4, 3, 2), maxshape=(None, 11, None)),
        "may grow": dict(chunks=(4, 3, 2), maxshape=(40, 20, 5)),
        "wide": dict(chunks=(64, 3, 5), maxshape=(None, 11, 5)),
    }
    for fname, filter in filters.items():
        for sname, shape in shapes.items():
            put(f"chunks/{fname}/{sname}", solid, **filter, **shape)
        put(f"chunks/{fname}/noise", noise, chunks=(16, 7), **filter)
        put(f"chunks/{fname}/smooth", np.arange(3000) // 100, chunks=(700,), **filter)
    put("many/fixed", np.arange(3000, dtype="u2"), chunks=(1,))
    put("many/fixed packed", np.arange(2500, dtype="u2"), chunks=(1,), compression="gzip")
    put("many/growing", np.arange(5000, dtype="u2"), chunks=(1,), maxshape=(None,))
    put("many/growing packed", np.arange(2500, dtype="u2"), chunks=(1,), maxshape=(None,), compression="gzip")
    put("many/growing twice", np.arange(3000, dtype="u2").reshape(60, 50), chunks=(1, 1), maxshape=(None, None))

    d = f.create_dataset("holes/chunks", (40, 6), "f8", chunks=(4, 4), fillvalue=-7.5, maxshape=(None, 6))
    d[9:15, 1:3] = 2
    keep("holes/chunks", d[()])
    d.resize((12, 6)); d.resize((30, 6))
    keep("holes/chunks", d[()])
    f.create_dataset("holes/unwritten", (5, 2), "i4", fillvalue=9); keep("holes/unwritten", np.full((5, 2), 9))
    f.create_dataset("holes/zeros", (5, 2), "i4"); keep("holes/zeros", np.zeros((5, 2)))
    d = f.create_dataset("holes/far", (3000,), "i4", chunks=(1,), maxshape=(None,)); d[2999] = 5; d[3] = 1
    keep("holes/far", d[()])
    d = f.create_dataset("holes/pages", (3000,), "i4", chunks=(1,)); d[2999] = 5; d[3] = 1
    keep("holes/pages", d[()])

    named = np.dtype("<f4")
    f["named type"] = named
    d = f.create_dataset("named", (4,), dtype=f["named type"]); d[...] = [1, 2, 3, 4]; keep("named", [1, 2, 3, 4])

    def text(name, value, **options):
        f.create_dataset(name, data=value, **options)
        value = np.asarray(value, dtype=object).ravel()
        texts[name] = [v.decode() if isinstance(v, bytes) else str(v) for v in value]

    text("texts/fixed", np.array([b"one", b"twenty-one", b""], "S10"))
    text("texts/variable", ["short", "µm and more", "x" * 3000], dtype=h5py.string_dtype())
    text("texts/one", "a single text")
    text("texts/long", "long " * 30000)
    text("texts/chunked", [f"text {i}" for i in range(500)], dtype=h5py.string_dtype(), chunks=(50,))

    record = np.dtype([("frame", "<u4"), ("x", "<f4"), ("y", ">f8"), ("word", "S5"), ("id", "<i8"), ("ok", "?"),
                       ("three", "<f4", (3,)), ("half", "<f2"), ("last", "u1")])
    a = np.zeros(3001, record)
    for n in ["frame", "x", "y", "id", "half", "last", "three"]:
        v = rng.normal(0, 40, a[n].shape)
        a[n] = (abs(v) if record[n].base.kind == "u" else v).astype(record[n].base)
    a["ok"] = a["id"] > 0
    for name, options in {"plain": {}, "chunked": dict(chunks=(256,)), "packed": dict(chunks=(999,), compression="gzip",
                          shuffle=True), "growing": dict(chunks=(100,), maxshape=(None,)), "none": dict(chunks=(8,), maxshape=(None,))}.items():
        rows = a[:0] if name == "none" else a
        f.create_dataset("records/" + name, data=rows, **options)
        tables["records/" + name] = {n: [float(v) for v in rows[n]] for n in record.names if n not in ("word", "three")}

    for i in range(3000): f.create_group(f"links/member {i:04}")
    for i in range(12): f.create_group(f"few/member {i:02}")
    f["links/soft"] = h5py.SoftLink("/types/truth")
    f["links/relative"] = h5py.SoftLink("member 0007")
    f["links/dangling"] = h5py.SoftLink("/nowhere")
    keep("links/soft", f["types/truth"][()])
    deep = f
    for i in range(20): deep = deep.create_group(f"level {i}")
    deep["bottom"] = np.arange(3); keep("/".join(f"level {i}" for i in range(20)) + "/bottom", np.arange(3))

    def attribute(owner, name, value):
        f[owner].attrs[name] = value
        many = np.asarray(value).ravel()
        attributes.setdefault(owner, {})[name] = [v.decode() if isinstance(v, bytes) else v if isinstance(v, str)
                                                  else float(v) for v in many.tolist()]

    for owner in ["/", "few", "layouts/contiguous", "many"]:
        count = {"/": 3, "few": 200, "layouts/contiguous": 20, "many": 0}[owner]
        for i in range(count): attribute(owner, f"number {i}", np.arange(i % 7 + 1) + i)
        attribute(owner, "text", "µ" * 50)
        attribute(owner, "fixed", np.bytes_("fixed"))
        attribute(owner, "truth", True)
        attribute(owner, "large", np.arange(1000))
        attribute(owner, "words", ["a", "bc", ""])
    if low == "latest": attribute("few", "huge", np.arange(20000))
    f.close()
    json.dump(dict(numbers=numbers, texts=texts, tables=tables, attributes=attributes), open(path + ".json", "w"))
    """#

  /// Writes a small file with one item of each kind, to be damaged. Arguments: path, oldest and
  /// newest library version.
  static let small = #"""
    import h5py, numpy as np, sys
    f = h5py.File(sys.argv[1], "w", libver=(sys.argv[2], sys.argv[3]))
    a = np.zeros(12, [("frame", "<u4"), ("x", "<f4"), ("y", "<f4")])
    a["x"] = np.arange(12)
    f.create_dataset("locs", data=a, chunks=(5,), maxshape=(None,), compression="gzip", shuffle=True, fletcher32=True)
    f.create_dataset("d/plain", data=np.arange(6.0).reshape(2, 3))
    f.create_dataset("d/fixed", data=np.arange(24, dtype="i2").reshape(4, 6), chunks=(2, 4))
    f.create_dataset("d/twice", data=np.arange(24, dtype="u1").reshape(4, 6), chunks=(2, 3), maxshape=(None, None), compression="lzf")
    f.create_dataset("d/one", data=np.arange(8, dtype=">f4"), chunks=(8,))
    f["text"] = "a text"
    f["soft"] = h5py.SoftLink("/d/plain")
    f["reference"] = np.array([f["text"].ref, f["locs"].ref], dtype=h5py.ref_dtype)
    f.create_group("g")
    for i in range(12): f[f"g/{i}"] = f["text"]
    for i in range(10): f["g"].attrs[f"a{i}"] = [i, 2 * i]
    f.attrs["word"] = "attribute"
    f.attrs["truth"] = True
    """#
}
