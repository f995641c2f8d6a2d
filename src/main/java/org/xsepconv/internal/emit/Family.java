package org.xsepconv.internal.emit;

import java.util.Set;
import org.xsepconv.internal.plan.Axis;

/** The kinds of compiled kernels, and how their tiles are chosen: the cheapest one that the compiler can take. */
public enum Family {
    /** {@link PixelTiles}. */
    PIXEL_TILES {
        @Override
        Emitter best(Geometry g, int bits) {
            return Estimate.best(Estimate.tiles(g), bits);
        }

        @Override
        public String declines(Geometry g, int bits) {
            boolean line = g.rows().kernel() == 1 || g.columns().kernel() == 1;
            return line || Estimate.square(g) ? null : "is for lines of taps, or few of them";
        }
    },
    /** {@link PixelChunks}. */
    PIXEL_CHUNKS {
        @Override
        Emitter best(Geometry g, int bits) {
            return Estimate.best(Estimate.chunks(g), bits);
        }

        @Override
        public String declines(Geometry g, int bits) {
            if (g.line().kernel() <= Estimate.WEIGHTS) {
                return "is for lines of more than " + Estimate.WEIGHTS + " taps";
            }
            return Estimate.rowByRow(g) ? "is for a single line of taps, or a stride" : null;
        }
    },
    /** {@link PixelRows}. */
    PIXEL_ROWS {
        @Override
        Emitter best(Geometry g, int bits) {
            return Estimate.best(Estimate.rows(g), bits);
        }

        @Override
        public String declines(Geometry g, int bits) {
            return null;
        }
    },
    /** {@link AnyPixels}. */
    ANY_PIXELS(Trait.ANY_SIZE) {
        @Override
        Emitter best(Geometry g, int bits) {
            return AnyPixels.choose(g, bits);
        }

        @Override
        public String declines(Geometry g, int bits) {
            return AnyPixels.declines(g);
        }
    },
    /** {@link AnyColumns}. */
    ANY_COLUMNS(Trait.ANY_SIZE) {
        @Override
        Emitter best(Geometry g, int bits) {
            return AnyColumns.choose(g, bits);
        }

        @Override
        public String declines(Geometry g, int bits) {
            return AnyColumns.declines(g);
        }
    },
    /** {@link AnyPlanes}. */
    ANY_PLANES(Trait.ANY_SIZE, Trait.PLANES) {
        @Override
        public int bits(Geometry g, int most) {
            return AnyPlanes.bits(g, most);
        }

        @Override
        Emitter best(Geometry g, int bits) {
            return AnyPlanes.choose(g, bits);
        }

        @Override
        public String declines(Geometry g, int bits) {
            return AnyPlanes.declines(g, bits);
        }
    },
    /** {@link RegionRows}. */
    REGION_ROWS(Trait.CHOOSES) {
        @Override
        Emitter best(Geometry g, int bits) {
            return Estimate.best(Estimate.regions(g), bits);
        }

        @Override
        public String declines(Geometry g, int bits) {
            return null;
        }
    },
    /** {@link PackedRows}. */
    PACKED_ROWS(Trait.PLANES) {
        @Override
        Emitter best(Geometry g, int bits) {
            return PackedRows.choose(g, bits);
        }

        @Override
        public String declines(Geometry g, int bits) {
            return PackedRows.declines(g, bits);
        }
    },
    /** {@link PlaneColumns}. */
    PLANE_COLUMNS(Trait.PLANES) {
        @Override
        Emitter best(Geometry g, int bits) {
            return PlaneColumns.choose(g, bits);
        }

        @Override
        public String declines(Geometry g, int bits) {
            return PlaneColumns.declines(g, bits);
        }

        @Override
        public int bits(Geometry g, int most) {
            return StripCost.fuller(g.columns(), most) ? most / 2 : most;
        }
    },
    /** {@link RowStream}. */
    ROW_STREAM(Trait.PLANES) {
        @Override
        Emitter best(Geometry g, int bits) {
            return StripChoice.choose(g, 1, bits);
        }

        @Override
        public String declines(Geometry g, int bits) {
            return RowStream.declines(g, bits);
        }

        @Override
        public int bits(Geometry g, int most) {
            return StripCost.bits(g, most);
        }
    },
    /** {@link RowStream} with a {@link RegionMap}. */
    REGION_STREAM(Trait.PLANES, Trait.CHOOSES) {
        @Override
        Emitter best(Geometry g, int bits) {
            return StripChoice.choose(g, 1, bits);
        }

        @Override
        public String declines(Geometry g, int bits) {
            return RowStream.declines(g, bits);
        }
    },
    /** {@link RowStream} over pixels of few channels. */
    FLAT_ROWS(Trait.FLAT) {
        @Override
        Emitter best(Geometry g, int bits) {
            return StripChoice.choose(g.flat(channels(g)), channels(g), bits);
        }

        @Override
        public String declines(Geometry g, int bits) {
            if (g.columns().stride() != 1) {
                return "needs a stride of 1 along the columns";
            }
            if (g.xRow() > LONGEST_ROW) {
                return "is for rows of up to " + LONGEST_ROW + " bytes";
            }
            return Estimate.flat(g, channels(g), bits)
                    ? RowStream.declines(g.flat(channels(g)), bits)
                    : "is for fewer channels, or fewer taps of so many";
        }

        private int channels(Geometry g) {
            return (int) Math.min(Estimate.MOST_FLAT, g.xPixel() / 4);
        }
    };

    /** Longer rows are better walked along than in strips, which memory serves badly. */
    private static final int LONGEST_ROW = 8192;

    private static final int LARGEST = 1 << 24;
    private static final int MOST_TAPS = 128;

    /** What sets families apart, whatever their kernels compute. */
    private enum Trait {
        PLANES,
        FLAT,
        CHOOSES,
        ANY_SIZE
    }

    private final Set<Trait> traits;

    Family(Trait... traits) {
        this.traits = Set.of(traits);
    }

    /** The best kernel if sizes are not extreme, or null if none can be compiled well. */
    abstract Emitter best(Geometry g, int bits);

    /**
     * Whether columns are lanes, and not channels.
     *
     * @return true for kernels that work on planes
     */
    public boolean planes() {
        return traits.contains(Trait.PLANES);
    }

    /**
     * Why it cannot compute a convolution.
     *
     * @param g its geometry
     * @param bits vector width
     * @return the reason in words, or null if it can
     */
    public abstract String declines(Geometry g, int bits);

    /**
     * The best kernel of this family.
     *
     * @param g geometry
     * @param bits vector width
     * @return the kernel, or null if none can be compiled well
     */
    public Emitter choose(Geometry g, int bits) {
        if (tooLarge(g.rows()) || tooLarge(g.columns())) {
            return null;
        }
        return best(g, bits);
    }

    /**
     * Whether rows of pixels are seen as lines of columns.
     *
     * @return true for kernels that need whole, dense pixels
     */
    public boolean flat() {
        return traits.contains(Trait.FLAT);
    }

    /**
     * The width of its vectors, if it works on planes.
     *
     * @param g geometry
     * @param most bits
     * @return bits, as many or fewer
     */
    public int bits(Geometry g, int most) {
        return most;
    }

    /**
     * Whether images of all sizes can have the same kernel.
     *
     * @return false for kernels that are compiled for one size
     */
    public boolean anySize() {
        return traits.contains(Trait.ANY_SIZE);
    }

    /**
     * Whether a map chooses a kernel for every output.
     *
     * @return true for kernels that need a map, and false for those that cannot have one
     */
    public boolean chooses() {
        return traits.contains(Trait.CHOOSES);
    }

    /**
     * What a vector of results costs, if planes are read as they are.
     *
     * @param g geometry
     * @param bits vector width
     * @return FMAs
     */
    public double cost(Geometry g, int bits) {
        Emitter emitter = choose(g, bits);
        if (emitter == null) {
            return Double.POSITIVE_INFINITY;
        }
        int lanes = bits / 32;
        return switch (emitter) {
            case AnyPlanes any -> any.cost(g, lanes);
            case PackedRows rows -> rows.cost(lanes);
            case PlaneColumns columns -> columns.cost(lanes);
            case RowStream stream -> stream.cost(lanes);
            case PixelEmitter pixels -> Double.POSITIVE_INFINITY;
        };
    }

    private static boolean tooLarge(Axis axis) {
        return axis.in() > LARGEST || axis.out() > LARGEST || axis.pad() > LARGEST || axis.kernel() > MOST_TAPS;
    }
}
