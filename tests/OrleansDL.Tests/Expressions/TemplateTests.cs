using OrleansDL.Expressions;

namespace OrleansDL.Tests.Expressions;

public sealed class TemplateTests
{
    private static readonly Dictionary<string, Value> Variables = new()
    {
        ["n"] = Value.Of(3),
        ["x"] = Value.Of(0.5),
        ["s"] = Value.Of("text"),
    };

    [Theory]
    [InlineData("${{ n }}", "3")]
    [InlineData("  ${{ x }} ", "0.5")]
    [InlineData("${{ [n, n] }}", "[3,3]")]
    [InlineData("${{ {'a': {'b': n}} }}", "{\"a\":{\"b\":3}}")]
    [InlineData("${{ '}}' }}", "\"}}\"")]
    [InlineData("${{ n }}${{ n }}", "\"33\"")]
    [InlineData("run-${{ s }}-${{ n }}", "\"run-text-3\"")]
    [InlineData("plain", "\"plain\"")]
    public void A_whole_value_keeps_its_type_and_a_part_becomes_text(string text, string expected) =>
        Assert.Equal(expected, ValueJson.Write(Template.Parse(text).Evaluate(Variables, default)));

    [Fact]
    public void An_open_template_is_refused() =>
        Assert.Contains("never closed", Assert.Throws<ExpressionException>(() => Template.Parse("a ${{ n")).Message, StringComparison.Ordinal);
}
