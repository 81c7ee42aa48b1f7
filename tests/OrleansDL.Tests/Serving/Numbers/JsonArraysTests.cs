using System.Text;
using System.Text.Json;
using OrleansDL.Numbers;

namespace OrleansDL.Tests.Serving.Numbers;

public sealed class JsonArraysTests
{
    [Theory]
    [InlineData("[]", 0)]
    [InlineData(" [ \n] ", 0)]
    [InlineData("[1]", 1)]
    [InlineData("[[1,2],[3,4]]", 2)]
    [InlineData("""["a,b]", "c\"],", "\\"]""", 3)]
    [InlineData("""[{"a":[1,2],"b":"}"},null , {}]""", 3)]
    public void An_array_is_passed_over_and_its_elements_counted(string array, int elements)
    {
        foreach (var tail in (string[])["", ",\"top\":1}", "}"])
        {
            var json = Encoding.UTF8.GetBytes(array + tail);
            var at = 0;
            Assert.True(JsonArrays.TrySkip(json, ref at, out var found));
            Assert.Equal(elements, found);
            Assert.Equal(array.TrimEnd(), Encoding.UTF8.GetString(json.AsSpan(0, at)));
        }
    }

    [Theory]
    [InlineData("")]
    [InlineData(" ")]
    [InlineData("1")]
    [InlineData("{}")]
    [InlineData("[")]
    [InlineData("[[1]")]
    [InlineData("""["a]""")]
    [InlineData("""["a\""")]
    [InlineData("[\"\\")]
    public void What_is_no_array_or_does_not_end_is_not_passed_over(string json)
    {
        var at = 0;
        Assert.False(JsonArrays.TrySkip(Encoding.UTF8.GetBytes(json), ref at, out _));
        Assert.Equal(0, at);
    }

    [Fact]
    public void Arrays_of_every_kind_end_where_a_reader_ends_them()
    {
        var random = new Random(5);
        for (var turn = 0; turn < 2000; turn++)
        {
            var count = random.Next(5);
            var json = Encoding.UTF8.GetBytes($"[{string.Join(',', Enumerable.Range(0, count).Select(_ => Value(random, 4)))}]:[1]");
            var at = 0;
            Assert.True(JsonArrays.TrySkip(json, ref at, out var found));
            Assert.Equal((count, json.Length - 4), (found, at));
        }
    }

    private static string Value(Random random, int depth) => random.Next(depth == 0 ? 4 : 6) switch
    {
        0 => "-1.5e3",
        1 => "null",
        2 => JsonSerializer.Serialize("a\"b\\[{,]}"[random.Next(9)..]),
        3 => " true ",
        4 => $"[{string.Join(" , ", Enumerable.Range(0, random.Next(4)).Select(_ => Value(random, depth - 1)))}]",
        _ => $"{{{string.Join(',', Enumerable.Range(0, random.Next(4)).Select(index => $"\"{index}]\": {Value(random, depth - 1)}"))}}}",
    };
}
