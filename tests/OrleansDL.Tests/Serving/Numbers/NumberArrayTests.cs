using System.Globalization;
using System.Numerics;
using System.Text;
using System.Text.Json;
using OrleansDL.Numbers;

namespace OrleansDL.Tests.Serving.Numbers;

/// <summary>What our parser of numbers takes is exactly what the general one takes, to the last bit.</summary>
public sealed class NumberArrayTests
{
    private static readonly string[] Hard =
    [
        "0", "-0", "0.0", "-0.0", "1e-45", "1.4e-45", "7e-46", "1.17549435e-38", "1.1754943e-38", "1.1754942e-38", "3.4028235e38", "3.4028235677973366e38",
        "16777217", "16777217.0000000001", "16777216.999999999", "33554435", "1.00000005960464477539", "1.00000005960464477540", "1.00000017881393432617187499",
        "1.00000017881393432617187500", "1.00000017881393432617187501", "9007199254740993", "9007199254740992.5", "1.7976931348623157e308", "4.9e-324", "2.4703282292062328e-324",
        "123456789012345678901234567890", "0.000000000000000000000000000000000000000000001", "1E5", "1e+5", "1e-0", "8.41e21", "9.5367431640625e-7", "12345678", "123456789", "0.123456789",
    ];

    [Fact]
    public void Floating_point_is_read_to_the_nearest_value()
    {
        var random = new Random(11);
        var texts = Hard.Concat(Enumerable.Range(0, 200_000).Select(_ => Write(random))).ToList();
        Same<float, SingleText>(texts, text => float.Parse(text, CultureInfo.InvariantCulture), float.IsFinite, BitConverter.SingleToInt32Bits);
        Same<double, DoubleText>(texts, text => double.Parse(text, CultureInfo.InvariantCulture), double.IsFinite, BitConverter.DoubleToInt64Bits);
    }

    [Fact]
    public void Halves_between_two_floats_go_the_way_of_their_text()
    {
        var random = new Random(5);
        var texts = Enumerable.Range(0, 50_000).SelectMany(_ =>
        {
            var below = BitConverter.Int32BitsToSingle(random.Next(0x00800000, 0x7F000000));
            var half = ((double)below + BitConverter.Int32BitsToSingle(BitConverter.SingleToInt32Bits(below) + 1)) / 2;
            return new[] { half, Math.BitIncrement(half), Math.BitDecrement(half) }.Select(value => value.ToString("R", CultureInfo.InvariantCulture).Replace("E+", "e", StringComparison.Ordinal));
        }).ToList();
        Same<float, SingleText>(texts, text => float.Parse(text, CultureInfo.InvariantCulture), float.IsFinite, BitConverter.SingleToInt32Bits);
    }

    [Fact]
    public void Integers_are_read_over_their_whole_range_and_not_beyond()
    {
        Integers<sbyte>();
        Integers<short>();
        Integers<int>();
        Integers<long>();
        Integers<byte>();
        Integers<ushort>();
        Integers<uint>();
        Integers<ulong>();

        static void Integers<T>()
            where T : unmanaged, IBinaryInteger<T>, IMinMaxValue<T>
        {
            var (least, greatest) = (BigInteger.CreateChecked(T.MinValue), BigInteger.CreateChecked(T.MaxValue));
            foreach (var value in (BigInteger[])[least, least - 1, least + 1, greatest, greatest + 1, greatest - 1, 0, 7, 99_999_999, 100_000_000])
            {
                var text = value.ToString(CultureInfo.InvariantCulture);
                var read = TryRead<T, IntegerText<T>>($"[{text}]", 1, out var values);

                // The few of twenty digits are left to the other reader.
                Assert.Equal(value >= least && value <= greatest && text.TrimStart('-').Length < 20, read);
                Assert.True(!read || BigInteger.CreateChecked(values[0]) == value);
            }
        }
    }

    [Fact]
    public void Digits_end_at_whatever_byte_is_none()
    {
        for (var digits = 0; digits < 20; digits++)
        {
            var text = "1234567890123456789"[..digits];
            var expected = digits == 0 ? 0 : ulong.Parse(text, CultureInfo.InvariantCulture);
            for (var next = 0; next <= byte.MaxValue; next++)
            {
                foreach (var tail in (byte[][])[[], [(byte)'7'], [.. "12345678901"u8], [0xFF, 0x80, 0xBA, 0x2F, 0x3A, 0, 0xAF, 0x30]])
                {
                    byte[] json = next is >= '0' and <= '9' ? Encoding.ASCII.GetBytes(text) : [.. Encoding.ASCII.GetBytes(text), (byte)next, .. tail];
                    var (at, value) = (0, 0ul);
                    Assert.Equal(digits, Digits.Read(json, ref at, ref value));
                    Assert.Equal((digits, expected), (at, value));
                }
            }
        }
    }

    [Fact]
    public void A_fraction_ends_at_whatever_byte_is_no_digit()
    {
        for (var digits = 1; digits < 20; digits++)
        {
            var text = "-7.1234567890123456789"[..(digits + 3)];
            for (var next = 0; next <= byte.MaxValue; next++)
            {
                if (next is (>= '0' and <= '9') or 'e' or 'E')
                {
                    continue;
                }

                byte[] json = [.. Encoding.ASCII.GetBytes(text), (byte)next, .. "12345678e1234567"u8];
                var at = 0;
                Assert.True(DoubleText.TryRead(json, ref at, out var value));
                Assert.Equal((text.Length, double.Parse(text, CultureInfo.InvariantCulture)), (at, value));
            }
        }
    }

    [Theory]
    [InlineData("[1.5]")]
    [InlineData("[1e2]")]
    [InlineData("[01]")]
    [InlineData("[-]")]
    [InlineData("[+1]")]
    [InlineData("[1")]
    [InlineData("[1,]")]
    [InlineData("[,1]")]
    [InlineData("[1 2]")]
    [InlineData("[1]]")]
    [InlineData("[true]")]
    [InlineData("[\"1\"]")]
    [InlineData("{}")]
    [InlineData("")]
    [InlineData("[[1],2,[3]")]
    public void What_is_not_an_array_of_integers_is_left_to_the_other_reader(string json) =>
        Assert.False(TryRead<int, IntegerText<int>>(json, 1, out _) && json != "[1]]");

    [Fact]
    public void A_text_changed_at_random_is_taken_only_if_json_allows_it()
    {
        const string Alphabet = "0123456789-+.eE,[] \t\nx\"";
        var random = new Random(3);
        var taken = 0;
        for (var round = 0; round < 200_000; round++)
        {
            var text = new StringBuilder("[1.25, [-3e2,0.5] ,[],[ [ 17 ] ] ]");
            for (var change = random.Next(0, 4); change > 0; change--)
            {
                text[random.Next(text.Length)] = Alphabet[random.Next(Alphabet.Length)];
            }

            var expected = Flatten(text.ToString());
            var target = new double[expected?.Count ?? 4];
            var at = 0;
            if (NumberArray.TryRead<double, DoubleText>(Encoding.UTF8.GetBytes(text.ToString()), ref at, 8, target) && string.IsNullOrWhiteSpace(text.ToString()[at..]))
            {
                Assert.Equal(expected, target);
                taken++;
            }
            else
            {
                Assert.Null(expected);
            }
        }

        Assert.InRange(taken, 1000, 200_000);
    }

    [Fact]
    public void Arrays_within_arrays_end_at_the_depth_allowed()
    {
        Assert.True(TryRead<int, IntegerText<int>>("[[[1]]]", 1, out _, depth: 3));
        Assert.False(TryRead<int, IntegerText<int>>("[[[1]]]", 1, out _, depth: 2));
        Assert.False(TryRead<int, IntegerText<int>>(new string('[', 10_000_000), 1, out _, depth: 100));
    }

    [Fact]
    public void More_or_fewer_numbers_than_expected_are_not_taken()
    {
        Assert.True(TryRead<int, IntegerText<int>>("[]", 0, out _));
        Assert.False(TryRead<int, IntegerText<int>>("[1,2]", 1, out _));
        Assert.False(TryRead<int, IntegerText<int>>("[1,2]", 3, out _));
    }

    private static void Same<T, TText>(List<string> texts, Func<string, T> parse, Func<T, bool> isFinite, Func<T, long> bits)
        where TText : struct, INumberText<T>
    {
        foreach (var text in texts)
        {
            var expected = parse(text);

            // At the end of a text, and where more of it follows: that is read in other ways.
            foreach (var end in (string[])["]", "                        ]"])
            {
                var read = TryRead<T, TText>($"[{text}{end}", 1, out var values);
                Assert.True(read == isFinite(expected), text);
                Assert.True(!read || bits(values[0]) == bits(expected), text);
            }
        }
    }

    private static void Same<T, TText>(List<string> texts, Func<string, T> parse, Func<T, bool> isFinite, Func<T, int> bits)
        where TText : struct, INumberText<T> => Same<T, TText>(texts, parse, isFinite, value => (long)bits(value));

    private static bool TryRead<T, TText>(string json, int count, out T[] values, int depth = 8)
        where TText : struct, INumberText<T>
    {
        values = new T[count];
        var at = 0;
        return NumberArray.TryRead<T, TText>(Encoding.UTF8.GetBytes(json), ref at, depth, values);
    }

    private static string Write(Random random) => random.Next(5) switch
    {
        0 => BitConverter.Int32BitsToSingle(random.Next() | (random.Next(2) << 31)) is var value && float.IsFinite(value) ? Text(value.ToString("R", CultureInfo.InvariantCulture)) : "1",
        1 => BitConverter.Int64BitsToDouble(random.NextInt64()) is var value && double.IsFinite(value) ? Text(value.ToString("R", CultureInfo.InvariantCulture)) : "2",
        2 => random.NextDouble().ToString("F9", CultureInfo.InvariantCulture),
        3 => ((random.NextDouble() - 0.5) * 1e6).ToString($"F{random.Next(0, 18)}", CultureInfo.InvariantCulture),
        _ => string.Create(CultureInfo.InvariantCulture, $"{random.NextInt64(0, long.MaxValue)}.{random.Next()}e{random.Next(-60, 30)}"),
    };

    private static string Text(string number) => number.Replace("E+", "e", StringComparison.Ordinal);

    private static List<double>? Flatten(string json)
    {
        try
        {
            using var document = JsonDocument.Parse(json);
            List<double> values = [];
            return document.RootElement.ValueKind is JsonValueKind.Array && Add(document.RootElement, values) ? values : null;
        }
        catch (JsonException)
        {
            return null;
        }
    }

    private static bool Add(JsonElement element, List<double> values) => element.ValueKind switch
    {
        JsonValueKind.Array => element.EnumerateArray().ToList().TrueForAll(child => Add(child, values)),
        JsonValueKind.Number when element.TryGetDouble(out var value) && double.IsFinite(value) => AddOne(values, value),
        _ => false,
    };

    private static bool AddOne(List<double> values, double value)
    {
        values.Add(value);
        return true;
    }
}
