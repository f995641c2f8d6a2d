package org.xsepconv.internal.emit;

import java.util.ArrayList;
import java.util.Comparator;
import java.util.List;
import org.xsepconv.internal.cpu.Cpu;
import org.xsepconv.internal.plan.Axis;
import org.xsepconv.internal.tile.TileMethod;

/**
 * A tile of a kernel whose lanes are channels, and its estimated cost. Register pressure limits it from above; the loads of
 * small tiles, and the time to start them, from below.
 *
 * @param emitter the kernel with this tile
 * @param cost of one vector of channels, all outputs, in FMAs
 */
public record Estimate(PixelEmitter emitter, double cost) {
    /** Most weights that are counted as held in registers; longer rows of taps use each for a few tiles' columns only. */
    static final int WEIGHTS = 12;

    private static final int MOST_OUTPUTS = 14;

    /** Most taps and most outputs of a chunk: there are many of them, and the JVM compiles one after the other. */
    private static final int CHUNK = 8;

    private static final int SMALLEST_CHUNK = 4;

    /** Most taps of a kernel of several rows and columns whose tiles are straight-line, and most rows of such a tile. */
    private static final int MOST_SQUARE = 9;

    private static final int MOST_ROWS = 4;

    /** Columns of a tile that is to be narrow. */
    private static final int NARROW = 2;

    /** Taps beside which it shows as soon as an image leaves L1. */
    private static final int FEW_TAPS = 4;

    private static final int L1_BYTES = 32 << 10;

    /** Bytes of a pixel from which on more taps gain by it, outside of L2; and the most for which it is no loss. */
    private static final int SHORT_PIXEL = 256;

    private static final int LONG_PIXEL = 1024;

    /**
     * Rows that lie so many bytes apart are in the same set of L1, and loads from one are held back by stores to another; every other row if they are half of
     * that apart.
     */
    private static final int PAGE = 4096;

    /** Lines of a set, and how many more it takes until none is there any more when its other half is read. */
    private static final int WAYS = 8;

    private static final double THRASHED = 12;

    /** Cost of such a line, in FMAs. */
    private static final double AGAIN = 8;

    /** Most rows of a tile whose stores are few enough if every other row is in the same set; and how many times as long more of them take. */
    private static final int FEW_STORES = 6;

    private static final double HELD_BACK = 1.15;

    /** Smallest tile that is better for many taps than to do them in chunks. */
    private static final int FEWEST_OF_MANY = 7;

    /** Operations that surely do not fit into a method. */
    private static final int MOST_OPERATIONS = 300;

    private static final int MOST_METHODS = 120;

    /** Cost of a load or a store, in FMAs. */
    private static final double LOAD = 0.5;

    /** Cost of starting a tile, in FMAs. */
    private static final double TILE = 6;

    /** Most outputs of a tile if each has a kernel of its own: their addresses should stay in registers. */
    private static final int MOST_KERNELS = 8;

    /** Sums and weights from which on a loop of taps gets slower, measured; registers are left, but C2 begins to spill. */
    private static final int CROWD = 16;

    private static final double CROWDED = 0.01;

    /** Channels from which on they are lanes themselves, and vectors of so many lanes cost no more per lane than wider ones. */
    private static final int FEW_FLAT = 6;

    /** Channels from which on they always are. */
    static final int MOST_FLAT = 14;

    /** Weights of a column of taps, of fewer channels than half of the lanes, that lines can have. */
    private static final int COLUMN_OF_WEIGHTS = 70;

    /**
     * Whether rows of pixels of some channels are better seen as lines of columns. A vector of a line takes a load for every tap, and weights
     * of its own where lanes are no multiple of channels; but pixels are vectors that are partly used, and lie across cache lines. That
     * was measured for vectors of 512 bits that are not computed in two halves, and without.
     */
    static boolean flat(Geometry g, int channels, int bits) {
        if (channels < FEW_FLAT || Cpu.FMAS == 1 || bits < 512) {
            return channels < FEW_FLAT;
        }
        int half = bits / 64;
        int rows = g.rows().kernel();
        if (channels <= half) {
            return channels == half || rows > 1 && channels * rows <= COLUMN_OF_WEIGHTS;
        }
        boolean wide = rows > 1 && g.columns().out() > half;
        return wide && channels < MOST_FLAT && channels * g.taps() <= (channels % 4 == 0 ? 108 : 90);
    }

    /** The cheapest one that the compiler can take, or null if there is none. */
    static Emitter best(List<Estimate> all, int bits) {
        return all.stream()
                .sorted(Comparator.comparingDouble(Estimate::cost))
                .map(Estimate::emitter)
                .filter(e -> e.methods() <= MOST_METHODS && Compiler.fits(e, bits))
                .findFirst()
                .orElse(null);
    }

    /**
     * Whether rows and columns of taps are few enough for straight-line tiles. More of them, or with dilation, are slower so; and some channels as
     * lanes of one vector are. With loads in any order all are.
     */
    static boolean square(Geometry g) {
        boolean dense = g.rows().dilation() == 1 && g.columns().dilation() == 1;
        boolean lines = g.rows().kernel() > 1 && g.columns().kernel() > 1;
        return TileMethod.IN_ORDER && lines && dense && g.channels() == 0 && g.taps() <= MOST_SQUARE;
    }

    /**
     * Whether several rows of many taps are faster row by row than in chunks, between which sums are stored. With a stride, or loads in any order, a row needs
     * too many registers.
     */
    static boolean rowByRow(Geometry g) {
        boolean several = g.rows().kernel() > 1 && g.columns().kernel() > 1;
        return TileMethod.IN_ORDER && several && g.columns().stride() == 1;
    }

    /**
     * Whether tiles are to be few columns wide: neighbouring tiles then read and write memory line by line, row by row. In wide ones a line of every pixel
     * follows that of its neighbour, which the CPU does not foresee unless pixels are long. It shows outside of L1 beside few taps, and outside of L2 beside
     * others.
     */
    private static boolean narrow(Geometry g) {
        boolean few = g.taps() <= FEW_TAPS || g.columns().stride() > 1;
        long image = g.rows().in() * g.xRow();
        boolean far = few ? image > L1_BYTES : image > Cpu.L2_BYTES / 2 && g.xPixel() >= SHORT_PIXEL;
        return Cpu.HALVES && far && g.xPixel() <= LONG_PIXEL;
    }

    static List<Estimate> squares(Geometry g) {
        List<Estimate> all = new ArrayList<>();
        int most = narrow(g) ? NARROW : MOST_OUTPUTS;
        for (int r = 1; r <= Math.min(MOST_ROWS, g.rows().out()); r++) {
            for (int c = 1; c <= Math.min(most, g.columns().out()); c++) {
                int n = r * c;
                int held = held(g.columns(), c, g.columns().kernel())
                        * Math.min(r, g.rows().kernel());
                int loads = inputs(g.rows(), r) * inputs(g.columns(), c) + g.taps();
                if (possible(n, held, n * (g.taps() + 1) + loads)) {
                    double tile = n * g.taps() + LOAD * (loads + n) + TILE;
                    double tiles = g.rows().out() / (double) r * overlapping(g.columns(), c);
                    all.add(new Estimate(new PixelTiles(g, r, c), tile * tiles));
                }
            }
        }
        return all;
    }

    /** Tiles of {@link PixelTiles}. */
    static List<Estimate> tiles(Geometry g) {
        List<Estimate> all = new ArrayList<>();
        if (square(g)) {
            return squares(g);
        }
        int out = g.line().out();
        int fewest = g.taps() <= WEIGHTS ? 1 : Math.min(FEWEST_OF_MANY, out);
        for (int n = fewest; n <= Math.min(MOST_OUTPUTS, out); n++) {
            int loads = inputs(g.line(), n) + g.taps();
            if (possible(n, held(g.line(), n, g.taps()), n * (g.taps() + 1) + loads)) {
                double tile = crowded(g, n, n * g.taps() + LOAD * (loads + n) + TILE);
                PixelEmitter emitter = g.vertical() ? new PixelTiles(g, n, 1) : new PixelTiles(g, 1, n);
                all.add(new Estimate(emitter, tile * alongLine(g, n)));
            }
        }
        return all;
    }

    /**
     * The cost of a tile of n rows whose lines of memory are in the same few sets of L1. A line is two vectors of 256 bits, and is read again for the second one.
     * Vectors of 512 bits are lines; what they wait for was not measured.
     */
    private static double crowded(Geometry g, int n, double cost) {
        if (Cpu.REGISTERS > 16 || !g.vertical() || g.xRow() % (PAGE / 2) != 0) {
            return cost;
        }
        if (g.xRow() % PAGE != 0) {
            return n > FEW_STORES ? HELD_BACK * cost : cost;
        }
        int inputs = inputs(g.line(), n);
        return cost + AGAIN * inputs * Math.clamp((inputs + n - WAYS) / THRASHED, 0, 1);
    }

    /** Tiles and chunks of {@link PixelChunks}. */
    static List<Estimate> chunks(Geometry g) {
        List<Estimate> all = new ArrayList<>();
        Axis line = g.line();
        for (int n = SMALLEST_CHUNK; n <= Math.min(CHUNK, line.out()); n++) {
            for (int m = SMALLEST_CHUNK; m <= CHUNK; m++) {
                int chunks = Math.ceilDiv(line.kernel(), m);
                int loads = (n - 1) * line.stride() + 2 * m + n;
                if (possible(n, held(line, n, m), n * (m + 2) + loads)) {
                    double tile = n * line.kernel() + chunks * (LOAD * (loads + n) + TILE);
                    all.add(new Estimate(new PixelChunks(g, n, m), tile * alongLine(g, n)));
                }
            }
        }
        return all;
    }

    /** Tiles of {@link PixelRows}. */
    static List<Estimate> rows(Geometry g) {
        List<Estimate> all = new ArrayList<>();
        int kw = g.columns().kernel();
        for (int c = 1; c <= Math.min(MOST_OUTPUTS, g.columns().out()); c++) {
            int loads = inputs(g.columns(), c) + kw;
            int held = held(g.columns(), c, kw);
            if (possible(c, held, c * (kw + 2) + loads)) {
                double crowd = Math.max(0, c + (TileMethod.IN_ORDER ? held : kw) - CROWD);
                double row = c * kw + LOAD * loads + 1;
                double tile = (1 + CROWDED * crowd * crowd) * g.rows().kernel() * row + TILE;
                all.add(new Estimate(new PixelRows(g, c), tile * overlapping(g.columns(), c)));
            }
        }
        return all;
    }

    /** Tiles of {@link RegionRows}. */
    static List<Estimate> regions(Geometry g) {
        List<Estimate> all = new ArrayList<>();
        int kw = g.columns().kernel();
        for (int c = 1; c <= Math.min(MOST_KERNELS, g.columns().out()); c++) {
            int loads = inputs(g.columns(), c) + c * kw;
            if (possible(c, 1, c * (kw + 2) + loads)) {
                double row = c * kw + LOAD * loads + 1;
                double tile = g.rows().kernel() * row + TILE;
                all.add(new Estimate(new RegionRows(g, c), tile * overlapping(g.columns(), c)));
            }
        }
        return all;
    }

    /** Whether registers and methods have room for the tiles of a kernel. */
    static boolean possible(PixelEmitter any, OpenAxis cut) {
        int n = cut.size();
        int k = cut.axis().kernel();
        int held = held(cut.axis(), n, k);
        return any.methods() <= MOST_METHODS && possible(n, held, n * (k + 2) + inputs(cut.axis(), n) + k);
    }

    private static boolean possible(int sums, int held, int operations) {
        return sums + held + 2 <= Cpu.REGISTERS && operations <= MOST_OPERATIONS;
    }

    /**
     * Weights of a line of taps that are in registers at a time. A weight is first multiplied with the input under the first output, and last
     * with that under the last one; but it is loaded earlier unless loads are kept in order.
     */
    public static int held(Axis line, int outputs, int taps) {
        int most = TileMethod.IN_ORDER ? Math.ceilDiv((outputs - 1) * line.stride() + 1, line.dilation()) : WEIGHTS;
        return Math.min(taps, most);
    }

    /** Inputs under neighbouring outputs. */
    private static int inputs(Axis axis, int outputs) {
        return (int) Math.min(
                (long) outputs * axis.kernel(),
                Math.min(axis.in(), (outputs - 1L) * axis.stride() + (axis.kernel() - 1L) * axis.dilation() + 1));
    }

    /** Tiles along a line of taps: what is left over is smaller down a column, and overlaps along a row. */
    private static double alongLine(Geometry g, int size) {
        return g.vertical() ? g.rows().out() / (double) size : overlapping(g.columns(), size);
    }

    private static double overlapping(Axis axis, int size) {
        return Math.ceil(axis.out() / (double) size);
    }
}
