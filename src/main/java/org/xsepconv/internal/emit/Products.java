package org.xsepconv.internal.emit;

import java.util.ArrayList;
import java.util.Comparator;
import java.util.List;
import java.util.SortedMap;
import java.util.TreeMap;
import java.util.function.BiConsumer;
import java.util.function.IntFunction;
import org.xsepconv.internal.emit.Tiles.Run;
import org.xsepconv.internal.tile.TileMethod;
import org.xsepconv.internal.tile.Vec;

/**
 * The multiply-adds of a tile whose lanes are channels, input by input: every input is needed once and for a short time.
 *
 * @param all the products, ascending by input
 */
record Products(List<Product> all) {
    /**
     * One of them.
     *
     * @param input number of the input
     * @param output number of the output
     * @param tap number of the tap
     */
    record Product(int input, int output, int tap) {}

    /** Those of a line of taps that are inside the image, from a first tap to one before the end. */
    static Products of(Tiles tiles, Run run, int first, int end) {
        List<Product> all = new ArrayList<>();
        for (int i = run.lo(); i < run.hi(); i++) {
            for (int o = 0; o < run.size(); o++) {
                int tap = tiles.tap(i, o);
                if (tap >= first && tap < end) {
                    all.add(new Product(i, o, tap));
                }
            }
        }
        return new Products(all);
    }

    /** Those of a line of taps that are inside the image. */
    static Products of(Tiles tiles, Run run) {
        return of(tiles, run, 0, tiles.axis().kernel());
    }

    /** Those of a tile of rows by columns. Inputs, outputs and taps are numbered row by row, inputs in rows of h.hi. */
    static Products of(Tiles vertical, Run v, Tiles horizontal, Run h) {
        List<Product> all = new ArrayList<>();
        for (Product a : of(vertical, v).all) {
            for (Product b : of(horizontal, h).all) {
                all.add(new Product(
                        a.input * h.hi() + b.input,
                        a.output * h.size() + b.output,
                        a.tap * horizontal.axis().kernel() + b.tap));
            }
        }
        all.sort(Comparator.comparingInt(Product::input));
        return new Products(all);
    }

    boolean isEmpty() {
        return all.isEmpty();
    }

    /** The input of the first product. */
    int lowest() {
        return all.getFirst().input;
    }

    /**
     * Emits them. Every input, weight and sum is asked for once, when it is needed first; inputs are released.
     *
     * @param t where
     * @param input the vector of an input
     * @param weight the vector of a tap
     * @param sum the vector of an output
     * @return the sums by output
     */
    SortedMap<Integer, Vec> multiply(
            TileMethod t, IntFunction<Vec> input, IntFunction<Vec> weight, IntFunction<Vec> sum) {
        SortedMap<Integer, Vec> sums = new TreeMap<>();
        SortedMap<Integer, Vec> weights = new TreeMap<>();
        each(t, input, (p, in) -> {
            Vec w = weights.computeIfAbsent(p.tap, weight::apply);
            t.fma(sums.computeIfAbsent(p.output, sum::apply), in, w);
        });
        return sums;
    }

    /**
     * Does something with each of them. Every input is asked for once, when it is needed first, and released.
     *
     * @param t where
     * @param input the vector of an input
     * @param body given a product and its input
     */
    void each(TileMethod t, IntFunction<Vec> input, BiConsumer<Product, Vec> body) {
        Vec in = null;
        int held = -1;
        for (Product p : all) {
            if (p.input != held) {
                release(t, in);
                in = input.apply(p.input);
                held = p.input;
            }
            body.accept(p, in);
        }
        release(t, in);
    }

    private static void release(TileMethod t, Vec in) {
        if (in != null) {
            t.release(in);
        }
    }
}
