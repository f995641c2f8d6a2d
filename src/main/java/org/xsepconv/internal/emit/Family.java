package org.xsepconv.internal.emit;

import java.util.ArrayList;
import java.util.Comparator;
import java.util.List;
import org.xsepconv.internal.cpu.Cpu;
import org.xsepconv.internal.plan.Axis;

/** The kinds of compiled kernels, and how their tiles are chosen: the cheapest one that the compiler can take. */
public enum Family {
    /** {@link PixelTiles}. */
    PIXEL_TILES {
        @Override
        List<Candidate> candidates(Geometry g) {
            List<Candidate> all = new ArrayList<>();
            boolean vertical = g.columns().kernel() == 1;
            Axis along = vertical ? g.rows() : g.columns();
            for (int n = 1; n <= Math.min(MOST_OUTPUTS, along.out()); n++) {
                int loads = inputs(along, n) + g.taps();
                boolean enough = g.taps() <= WEIGHTS || n >= Math.min(FEWEST_OF_MANY, along.out());
                if (enough
                        && n + Math.min(g.taps(), WEIGHTS) + 2 <= Cpu.REGISTERS
                        && n * (g.taps() + 1) + loads <= MOST_OPERATIONS) {
                    double tile = n * g.taps() + LOAD * (loads + n) + TILE;
                    Emitter emitter = vertical ? new PixelTiles(g, n, 1) : new PixelTiles(g, 1, n);
                    all.add(new Candidate(emitter, tile * tiles(along, n, !vertical)));
                }
            }
            return all;
        }

        @Override
        public String declines(Geometry g, int bits) {
            return g.rows().kernel() == 1 || g.columns().kernel() == 1 ? null : "is for lines of taps";
        }
    },
    /** {@link PixelChunks}. */
    PIXEL_CHUNKS {
        @Override
        List<Candidate> candidates(Geometry g) {
            List<Candidate> all = new ArrayList<>();
            boolean vertical = g.columns().kernel() == 1;
            Axis along = vertical ? g.rows() : g.columns();
            for (int n = 4; n <= Math.min(CHUNK, along.out()); n++) {
                for (int m = 4; m <= CHUNK; m++) {
                    int chunks = (along.kernel() + m - 1) / m;
                    int loads = (n - 1) * along.stride() + 2 * m + n;
                    if (n + m + 2 <= Cpu.REGISTERS && n * (m + 2) + loads <= MOST_OPERATIONS) {
                        double tile = n * along.kernel() + chunks * (LOAD * (loads + n) + TILE);
                        all.add(new Candidate(new PixelChunks(g, n, m), tile * tiles(along, n, !vertical)));
                    }
                }
            }
            return all;
        }

        @Override
        public String declines(Geometry g, int bits) {
            int line =
                    g.columns().kernel() == 1 ? g.rows().kernel() : g.columns().kernel();
            return line > WEIGHTS ? null : "is for lines of more than " + WEIGHTS + " taps";
        }
    },
    /** {@link PixelRows}. */
    PIXEL_ROWS {
        @Override
        List<Candidate> candidates(Geometry g) {
            List<Candidate> all = new ArrayList<>();
            int kw = g.columns().kernel();
            for (int c = 1; c <= Math.min(MOST_OUTPUTS, g.columns().out()); c++) {
                int loads = inputs(g.columns(), c) + kw;
                if (c + Math.min(kw, WEIGHTS) + 2 <= Cpu.REGISTERS && c * (kw + 2) + loads <= MOST_OPERATIONS) {
                    double crowd = Math.max(0, c + kw - CROWD);
                    double tile =
                            (1 + CROWDED * crowd * crowd) * g.rows().kernel() * (c * kw + LOAD * loads + 1) + TILE;
                    all.add(new Candidate(new PixelRows(g, c), tile * tiles(g.columns(), c, true)));
                }
            }
            return all;
        }

        @Override
        public String declines(Geometry g, int bits) {
            return null;
        }
    },
    /** {@link PackedRows}. */
    PACKED_ROWS {
        @Override
        public boolean planes() {
            return true;
        }

        @Override
        Emitter best(Geometry g, int bits) {
            return PackedRows.choose(g, bits);
        }

        @Override
        public String declines(Geometry g, int bits) {
            return PackedRows.declines(g, bits);
        }
    },
    /** {@link RowStream}. */
    ROW_STREAM {
        @Override
        public boolean planes() {
            return true;
        }

        @Override
        Emitter best(Geometry g, int bits) {
            return RowStream.choose(g, 1, bits);
        }

        @Override
        public String declines(Geometry g, int bits) {
            return RowStream.declines(g, bits);
        }
    },
    /** {@link RowStream} over pixels of few channels. */
    FLAT_ROWS {
        @Override
        Emitter best(Geometry g, int bits) {
            return RowStream.choose(g.flat(channels(g)), channels(g), bits);
        }

        @Override
        public boolean flat() {
            return true;
        }

        @Override
        public String declines(Geometry g, int bits) {
            if (g.columns().stride() != 1) {
                return "needs a stride of 1 along the columns";
            }
            return channels(g) >= FEWEST_CHANNELS
                    ? "is for fewer than " + FEWEST_CHANNELS + " channels"
                    : RowStream.declines(g.flat(channels(g)), bits);
        }

        private int channels(Geometry g) {
            return (int) Math.min(FEWEST_CHANNELS, g.xPixel() / 4);
        }
    };

    /** Channels from which on they are lanes themselves, and vectors of so many lanes cost no more per lane than wider ones. */
    private static final int FEWEST_CHANNELS = 8;

    private static final int MOST_OUTPUTS = 14;

    /** Most weights that are counted as held in registers; longer rows of taps use each for a few tiles' columns only. */
    private static final int WEIGHTS = 12;

    /** Most taps and most outputs of a chunk: there are many of them, and the JVM compiles one after the other. */
    private static final int CHUNK = 8;

    /** Smallest tile that is better for many taps than to do them in chunks. */
    private static final int FEWEST_OF_MANY = 7;

    /** Operations that surely do not fit into a method. */
    private static final int MOST_OPERATIONS = 300;

    /** Cost of a load or a store, in FMAs. */
    private static final double LOAD = 0.5;

    /** Cost of starting a tile, in FMAs. */
    private static final double TILE = 6;

    /** Sums and weights from which on a loop of taps gets slower, measured; registers are left, but C2 begins to spill. */
    private static final int CROWD = 16;

    private static final double CROWDED = 0.01;

    private static final int MOST_METHODS = 120;
    private static final int LARGEST = 1 << 24;
    private static final int MOST_TAPS = 128;

    record Candidate(Emitter emitter, double cost) {}

    List<Candidate> candidates(Geometry g) {
        return List.of();
    }

    /**
     * Whether columns are lanes, and not channels.
     *
     * @return true for kernels that work on planes
     */
    public boolean planes() {
        return false;
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
        return false;
    }

    /**
     * How it wants its weights.
     *
     * @param lanes of its vectors
     * @param channels of the convolution
     * @param taps of the convolution
     * @return the blocks
     */
    public Blocks blocks(int lanes, int channels, int taps) {
        return planes()
                ? new Blocks(1, taps)
                : flat() ? RowStream.blocks(channels, taps, lanes) : new Blocks(lanes, taps);
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
        if (emitter instanceof PackedRows rows) {
            return rows.cost(bits / 32);
        }
        return emitter instanceof RowStream stream ? stream.cost(bits / 32) : Double.POSITIVE_INFINITY;
    }

    Emitter best(Geometry g, int bits) {
        return candidates(g).stream()
                .sorted(Comparator.comparingDouble(Candidate::cost))
                .map(Candidate::emitter)
                .filter(e -> methods(g, e) <= MOST_METHODS && Compiler.fits(e, bits))
                .findFirst()
                .orElse(null);
    }

    private static boolean tooLarge(Axis axis) {
        return axis.in() > LARGEST || axis.out() > LARGEST || axis.pad() > LARGEST || axis.kernel() > MOST_TAPS;
    }

    private static int methods(Geometry g, Emitter emitter) {
        return switch (emitter) {
            case PixelTiles t ->
                Tiles.of(g.rows(), t.rows(), false).runs().size()
                        * Tiles.of(g.columns(), t.columns(), true).runs().size();
            case PixelChunks t -> t.methods();
            case PackedRows t -> Tiles.of(g.rows(), t.rowTile(), false).runs().size();
            case RowStream t -> 1;
            case PixelRows t ->
                Tiles.of(g.rows(), 1, false).runs().size()
                        + Tiles.of(g.columns(), t.columns(), true).runs().size();
        };
    }

    /** Inputs under neighbouring outputs. */
    private static int inputs(Axis axis, int outputs) {
        return (int) Math.min(
                (long) outputs * axis.kernel(),
                Math.min(axis.in(), (outputs - 1L) * axis.stride() + (axis.kernel() - 1L) * axis.dilation() + 1));
    }

    private static double tiles(Axis axis, int size, boolean overlap) {
        return overlap ? Math.ceil(axis.out() / (double) size) : axis.out() / (double) size;
    }
}
