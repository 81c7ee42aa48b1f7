using OrleansDL.Demo;

namespace OrleansDL.Tests.Cli;

public sealed class DemoTests
{
    [Fact]
    public async Task The_digits_are_all_there()
    {
        var digits = await Digits.LoadAsync(CancellationToken.None);
        Assert.Equal(1797, digits.Count);
        Assert.All(digits, digit => Assert.Equal(64, digit.Pixels.Count));
        Assert.Equal(10, digits.Select(digit => digit.Label).Distinct().Count());
    }

    [Fact]
    public async Task The_split_takes_every_row_once_and_shares_none()
    {
        var digits = await Digits.LoadAsync(CancellationToken.None);
        var split = DigitsSplit.Of(digits, 20);
        Assert.Equal(0, split.Shared);
        Assert.Equal(
            digits.Select(digit => digit.Line).Order(StringComparer.Ordinal),
            split.Golden.Concat(split.First).Concat(split.Second).Select(digit => digit.Line).Order(StringComparer.Ordinal));
    }

    [Fact]
    public async Task Every_digit_has_its_share_in_every_part()
    {
        var digits = await Digits.LoadAsync(CancellationToken.None);
        var split = DigitsSplit.Of(digits, 20);
        foreach (var label in digits.GroupBy(digit => digit.Label))
        {
            Assert.Equal(0.20, Share(split.Golden, label.Key, label.Count()), 0.01);
            Assert.Equal(0.15, Share(split.First, label.Key, label.Count()), 0.01);
            Assert.Equal(0.65, Share(split.Second, label.Key, label.Count()), 0.01);
        }
    }

    [Fact]
    public async Task The_seed_decides_the_split()
    {
        var digits = await Digits.LoadAsync(CancellationToken.None);
        Assert.Equal(DigitsSplit.Of(digits, 20).Golden, DigitsSplit.Of(digits, 20).Golden);
        Assert.NotEqual(DigitsSplit.Of(digits, 20).Golden, DigitsSplit.Of(digits, 21).Golden);
    }

    [Fact]
    public void Equal_rows_stay_together()
    {
        var digits = Enumerable.Range(0, 200).Select(i => new Digit($"{i / 2},1", [i], "1")).ToArray();
        Assert.Equal(0, DigitsSplit.Of(digits, 3).Shared);
    }

    [Theory]
    [InlineData(8, 10, 0.4902, 0.9433)]
    [InlineData(0, 10, 0, 0.2775)]
    [InlineData(10, 10, 0.7225, 1)]
    [InlineData(355, 360, 0.9679, 0.9941)]
    public void The_interval_is_wilsons(int correct, int total, double low, double high)
    {
        var interval = new Score(correct, total).Interval;
        Assert.Equal(low, interval.Low, 0.0001);
        Assert.Equal(high, interval.High, 0.0001);
    }

    private static double Share(IReadOnlyList<Digit> part, string label, int total) => (double)part.Count(digit => digit.Label == label) / total;
}
