using OrleansDL.Pipelines;
using OrleansDL.Training;

namespace OrleansDL.Tests.Training;

public sealed class AugmentationTests
{
    private static readonly ImagePipeline Image = new()
    {
        LabelColumn = "label",
        Labels = ["a", "b"],
        Height = 4,
        Width = 5,
        Channels = 2,
        Scale = 255,
    };

    [Fact]
    public void What_happens_to_a_row_follows_from_seed_epoch_and_row()
    {
        var spec = new AugmentSpec { Crop = 1, FlipHorizontal = true, FlipVertical = true, Rotate = 20, Brightness = 0.2, Contrast = 0.3 };
        var first = Change(spec, 1, 0, 3);
        Assert.Equal(first, Change(spec, 1, 0, 3));
        Assert.NotEqual(first, Change(spec, 2, 0, 3));
        Assert.NotEqual(first, Change(spec, 1, 1, 3));
        Assert.NotEqual(first, Change(spec, 1, 0, 4));
    }

    [Fact]
    public void Every_second_image_is_turned_left_to_right()
    {
        var changed = Enumerable.Range(0, 200).Select(row => Change(new AugmentSpec { FlipHorizontal = true }, 1, 0, row)).ToList();
        var turned = Pixels().Chunk(5).SelectMany(line => line.Reverse()).ToArray();
        Assert.All(changed, image => Assert.True(image.SequenceEqual(Pixels()) || image.SequenceEqual(turned)));
        Assert.InRange(changed.Count(image => image.SequenceEqual(turned)), 65, 135);
    }

    [Fact]
    public void A_cut_moves_all_channels_alike_and_fills_up_with_zeros()
    {
        var seen = new HashSet<(int, int)>();
        for (var row = 0; row < 200; row++)
        {
            var image = Change(new AugmentSpec { Crop = 1 }, 1, 0, row);
            var found = (from top in Enumerable.Range(-1, 3) from left in Enumerable.Range(-1, 3) where image.SequenceEqual(Moved(top, left)) select (top, left)).ToList();
            seen.Add(Assert.Single(found));
        }

        Assert.Equal(9, seen.Count);
    }

    [Fact]
    public void A_turn_of_next_to_nothing_moves_next_to_nothing_and_the_middle_stays()
    {
        foreach (var row in Enumerable.Range(0, 20))
        {
            foreach (var (expected, actual) in Pixels().Zip(Change(new AugmentSpec { Rotate = 1e-4 }, 1, 0, row)))
            {
                Assert.Equal(expected, actual, 1e-3);
            }
        }

        Assert.NotEqual(Pixels(), Change(new AugmentSpec { Rotate = 45 }, 1, 0, 0));
    }

    [Fact]
    public void Brightness_moves_the_mean_and_contrast_the_distances_from_it()
    {
        var bright = Change(new AugmentSpec { Brightness = 0.2 }, 1, 0, 0);
        var shift = bright[0] - Pixels()[0];
        Assert.InRange(Math.Abs(shift), 1e-6, 0.2);
        Assert.All(bright.Zip(Pixels()), pair => Assert.Equal(shift, pair.First - pair.Second, 1e-5));

        var strong = Change(new AugmentSpec { Contrast = 0.5 }, 1, 0, 0);
        Assert.Equal(Pixels().Average(), strong.Average(), 1e-5);
        Assert.InRange((strong.Max() - strong.Min()) / (Pixels().Max() - Pixels().Min()), 0.5, 1.5);
    }

    [Fact]
    public void Shares_of_a_mixture_are_those_of_a_beta_distribution()
    {
        var augmentation = Augmentation.For(Spec(new AugmentSpec { Mixup = 0.4 }), Image)!;
        var shares = Enumerable.Range(0, 20_000).Select(batch => augmentation.Share(0, batch)).ToList();
        Assert.All(shares, share => Assert.InRange(share, 0, 1));
        Assert.Equal(0.5, shares.Average(), 0.015);

        // Variance of Beta(a, a) is 1 / (4 (2a + 1)).
        Assert.Equal(1 / (4 * 1.8), shares.Average(share => (share - 0.5) * (share - 0.5)), 0.004);
        Assert.Equal(augmentation.Partner(0, 5, 100), augmentation.Partner(0, 5, 100));
        Assert.True(Enumerable.Range(0, 500).Select(row => augmentation.Partner(0, row, 10)).ToHashSet().SetEquals(Enumerable.Range(0, 10).Select(row => (long)row)));
        float[] values = [1, 2];
        Augmentation.Mix(values, [3, 6], 0.25);
        Assert.Equal([2.5f, 5f], values);
    }

    [Fact]
    public void Rows_that_cannot_be_changed_are_refused()
    {
        var text = new TextPipeline { LabelColumn = "label", Labels = ["a"], Column = "text", Vocabulary = ["x"], MaxTokens = 4 };
        Assert.Contains("augment changes images", Assert.Throws<InvalidException>(() => Augmentation.For(Spec(new AugmentSpec { Crop = 1 }), text)).Message, StringComparison.Ordinal);
        Assert.Contains("the rows are tokens", Assert.Throws<InvalidException>(() => Augmentation.For(Spec(new AugmentSpec { Mixup = 1 }), text)).Message, StringComparison.Ordinal);
    }

    private static TrainingSpec Spec(AugmentSpec augment, long seed = 1) => Assignments.Spec() with { Augment = augment, Seed = seed };

    private static float[] Pixels() => [.. Enumerable.Range(1, 40).Select(pixel => pixel / 40f)];

    private static float[] Moved(int top, int left) => [.. Enumerable.Range(0, 40).Select(pixel =>
        (pixel % 20 / 5 + top, pixel % 5 + left) is ( >= 0 and < 4, >= 0 and < 5) at ? Pixels()[(pixel / 20 * 20) + (at.Item1 * 5) + at.Item2] : 0)];

    private static float[] Change(AugmentSpec augment, long seed, int epoch, long row)
    {
        var pixels = Pixels();
        Augmentation.For(Spec(augment, seed), Image)!.Change(epoch, row, pixels, new float[pixels.Length]);
        return pixels;
    }
}
