using OrleansDL.Expressions;

namespace OrleansDL.Tests.Expressions;

public sealed class ExpressionTests
{
    private static readonly DateTimeOffset Now = new(2026, 1, 31, 8, 0, 0, TimeSpan.Zero);

    private static readonly Dictionary<string, Value> Variables = ((Value.Map)ValueJson.Parse("""
        {
          "candidate": {"accuracy": 0.91, "f1": 1, "loss": "NaN", "labels": ["a", "b"]},
          "baseline": null,
          "old": {"accuracy": 0.9},
          "steps": {"train": [{"model": "m@1", "score": 3}, {"model": "m@2", "score": 5}], "named": {"b": {"model": "y"}, "a": {"model": "x"}}},
          "event": {"rowsAdded": 1200, "message": "nightly load"},
          "huge": 9223372036854775807
        }
        """)).Entries.ToDictionary();

    [Theory]
    [InlineData("1 + 2 * 3", "7")]
    [InlineData("(1 + 2) * 3", "9")]
    [InlineData("7 / 2", "3")]
    [InlineData("7 % 4", "3")]
    [InlineData("7 / 2.0", "3.5")]
    [InlineData("10 - 3 - 2", "5")]
    [InlineData("-9223372036854775808", "-9223372036854775808")]
    [InlineData("0x1f", "31")]
    [InlineData("'a' + \"b\\n\\u0041\"", "\"ab\\nA\"")]
    [InlineData("[1, 2] + [3]", "[1,2,3]")]
    [InlineData("{'b': 1, 'a': [true, null]}", "{\"a\":[true,null],\"b\":1}")]
    [InlineData("1 < 2 && 2 <= 2 && 3 > 2 && 'b' >= 'a'", "true")]
    [InlineData("1 == 1.0 && 1 != 2", "true")]
    [InlineData("huge == 9223372036854775807.0", "false")]
    [InlineData("huge < 9223372036854775807.0", "true")]
    [InlineData("!true || false", "false")]
    [InlineData("event.rowsAdded >= 1000 ? 'many' : 'few'", "\"many\"")]
    [InlineData("true ? 1 : false ? 2 : 3", "1")]
    [InlineData("2 in [1, 2] && 'f1' in candidate && !('f2' in candidate)", "true")]
    [InlineData("candidate['f1']", "1")]
    [InlineData("candidate.labels[1]", "\"b\"")]
    [InlineData("candidate.f1 + 0.005", "1.005")]
    [InlineData("steps.train.*.model", "[\"m@1\",\"m@2\"]")]
    [InlineData("steps.named.*.model", "[\"x\",\"y\"]")]
    [InlineData("max(steps.train.*.score)", "5")]
    [InlineData("min(3, 2.5, 4)", "2.5")]
    [InlineData("abs(-3) + size('häß') + size([1]) + size({'a': 1})", "8")]
    [InlineData("round(2.5)", "3")]
    [InlineData("round(0.98765, 3)", "0.988")]
    [InlineData("event.message.startsWith('nightly') && event.message.endsWith('load') && event.message.contains('ly l')", "true")]
    [InlineData("event.message.matches('^[a-z ]+$')", "true")]
    [InlineData("duration('1h30m') == duration('90m')", "true")]
    [InlineData("now() - timestamp('2026-01-31T07:00:00Z') > duration('59m')", "true")]
    [InlineData("timestamp('2026-01-30T08:00:00Z') + duration('1d') == now()", "true")]
    [InlineData("[1, 2, 3].all(x, x > 0)", "true")]
    [InlineData("[1, 2, 3].exists(x, x > 2)", "true")]
    [InlineData("[1, 2, 3].filter(x, x % 2 == 1).map(x, x * x)", "[1,9]")]
    [InlineData("{'a': 1, 'b': 2}.exists(k, k == 'b')", "true")]
    [InlineData("has(candidate.f1) && !has(candidate.f2)", "true")]
    [InlineData("baseline == null || candidate.accuracy >= baseline.accuracy + 0.005", "true")]
    [InlineData("candidate.nothing > 1 || true", "true")]
    [InlineData("candidate.nothing > 1 && false", "false")]
    [InlineData("[0, 1].exists(x, 1 / x == 1)", "true")]
    public void An_expression_comes_to_its_value(string text, string expected)
    {
        var expression = Expression.Parse(text);
        expression.Check(Variables.ToDictionary(v => v.Key, _ => ExpressionType.Dyn));
        Assert.Equal(expected, ValueJson.Write(expression.Evaluate(Variables, Now).Value));
    }

    [Theory]
    [InlineData("candidate.f2 >= 0.5", "'candidate' has no 'f2'; it has accuracy, f1, labels, loss (column 1)")]
    [InlineData("candidate.f2 >= 0.5 || false", "has no 'f2'")]
    [InlineData("baseline.f1 > 0", "'baseline' is null, so it has no 'f1'")]
    [InlineData("huge + 1", "'huge + 1' leaves the range of its type")]
    [InlineData("-(-9223372036854775807 - 1)", "leaves the range")]
    [InlineData("huge * 2 > 1", "leaves the range")]
    [InlineData("event.rowsAdded / 0", "'0' is 0")]
    [InlineData("candidate.labels[2]", "'candidate.labels' has 2 items, so none at 2")]
    [InlineData("event.message > 3", "> does not go between 'event.message', a string, and '3', an int")]
    [InlineData("event.message && true", "'event.message' is a string, not a bool")]
    [InlineData("min([])", "min of nothing")]
    [InlineData("duration(event.message)", "'nightly load' is no duration")]
    [InlineData("timestamp('soon')", "'soon' is no time")]
    [InlineData("timestamp('9999-12-30T00:00:00Z') + duration('36000d') > now()", "leaves the range")]
    public void A_failure_says_what_and_where(string text, string expected)
    {
        var problem = Assert.Throws<ExpressionException>(() => Expression.Parse(text).Evaluate(Variables, Now));
        Assert.Contains(expected, problem.Message, StringComparison.Ordinal);
    }

    [Theory]
    [InlineData("1 +", "expected a value, found the end (column 4)")]
    [InlineData("(1", "expected ')'")]
    [InlineData("1 2", "expected an operator or the end, found '2' (column 3)")]
    [InlineData("a.#", "'#' means nothing here (column 3)")]
    [InlineData("'abc", "the string is never closed")]
    [InlineData("'\\x'", "is no escape")]
    [InlineData("99999999999999999999", "too large for a 64-bit number")]
    [InlineData("1e999", "too large for a double")]
    [InlineData("12abc", "is no number and no name")]
    [InlineData("", "expected a value")]
    public void Text_that_is_no_expression_is_refused(string text, string expected)
    {
        var problem = Assert.Throws<ExpressionException>(() => Expression.Parse(text));
        Assert.Contains(expected, problem.Message, StringComparison.Ordinal);
    }

    [Theory]
    [InlineData("missing > 1", "there is no 'missing' here; known are count, name, open, ratio, run")]
    [InlineData("run.modle", "'run' has no 'modle'; it has dataset, model")]
    [InlineData("count + name", "+ does not go between 'count' (int) and 'name' (string)")]
    [InlineData("name > 1", "> does not go between 'name' (string) and '1' (int)")]
    [InlineData("count == name", "== does not go between")]
    [InlineData("!count", "the operand of ! must be a bool; 'count' is a int")]
    [InlineData("count && true", "the left side of && must be a bool")]
    [InlineData("count ? 1 : 2", "the condition of ?: must be a bool")]
    [InlineData("name.first", "'name' is a string, so it has no member 'first'")]
    [InlineData("count.all(x, true)", "all needs a list or a map")]
    [InlineData("[1, 2].all(x, x + 1)", "the condition of all must be a bool")]
    [InlineData("[1, 2].map(x, x.first)", "'x' is a int")]
    [InlineData("nosuch(1)", "there is no function 'nosuch'")]
    [InlineData("size(1, 2)", "size takes 1 arguments, not 2")]
    [InlineData("abs(name)", "abs needs a number, not a string")]
    [InlineData("name.matches('(')", "the pattern cannot be used")]
    [InlineData("name.matches('(a)\\\\1')", "the pattern cannot be used")]
    [InlineData("duration('soon')", "'soon' is no duration")]
    [InlineData("ratio % 2", "% does not go between")]
    [InlineData("3 in name", "in does not go between")]
    [InlineData("{1: 2}", "a map's key must be a string")]
    [InlineData("has(count)", "has needs a member")]
    [InlineData("[1].all(x, true) && x", "there is no 'x' here")]
    public void A_type_error_is_found_before_evaluation(string text, string expected)
    {
        var scope = new Dictionary<string, ExpressionType>
        {
            ["count"] = ExpressionType.Int,
            ["ratio"] = ExpressionType.Double,
            ["name"] = ExpressionType.String,
            ["open"] = ExpressionType.MapOf(ExpressionType.Dyn),
            ["run"] = ExpressionType.Object(new Dictionary<string, ExpressionType> { ["model"] = ExpressionType.String, ["dataset"] = ExpressionType.String }),
        };
        var problem = Assert.Throws<ExpressionException>(() => Expression.Parse(text).Check(scope));
        Assert.Contains(expected, problem.Message, StringComparison.Ordinal);
    }

    [Fact]
    public void Nesting_over_the_limit_is_refused_and_does_not_exhaust_the_stack()
    {
        foreach (var text in new[]
        {
            new string('(', 4000) + "1" + new string(')', 4000),
            new string('[', 4000),
            new string('!', 4000) + "true",
            string.Concat(Enumerable.Repeat("1?", 2000)),
            "1" + string.Concat(Enumerable.Repeat("+1", 3000)),
            "a" + string.Concat(Enumerable.Repeat(".a", 3000)),
            "a" + string.Concat(Enumerable.Repeat(".*", 3000)),
        })
        {
            Assert.Throws<ExpressionException>(() => Expression.Parse(text));
        }

        Assert.Equal("1", ValueJson.Write(Expression.Parse(new string('(', 31) + "1" + new string(')', 31)).Evaluate(Variables, Now).Value));
    }

    [Theory]
    [InlineData("[0,1,2,3,4,5,6,7,8,9].all(a, [0,1,2,3,4,5,6,7,8,9].all(b, [0,1,2,3,4,5,6,7,8,9].all(c, [0,1,2,3,4,5,6,7,8,9].all(d, [0,1,2,3,4,5,6,7,8,9].all(e, a >= 0)))))")]
    [InlineData("[0,1,2,3,4,5,6,7,8,9].exists(a, [0,1,2,3,4,5,6,7,8,9].exists(b, [0,1,2,3,4,5,6,7,8,9].exists(c, [0,1,2,3,4,5,6,7,8,9].exists(d, [0,1,2,3,4,5,6,7,8,9].exists(e, a > 9))))) || true")]
    public void A_runaway_is_stopped_by_its_cost(string text)
    {
        var problem = Assert.Throws<ExpressionException>(() => Expression.Parse(text).Evaluate(Variables, Now));
        Assert.True(problem.IsLimit);
        Assert.Contains("more than 100000 operations", problem.Message, StringComparison.Ordinal);
    }

    [Fact]
    public void A_pattern_with_an_enormous_automaton_is_refused_in_time()
    {
        var started = TimeProvider.System.GetTimestamp();
        Assert.Throws<ExpressionException>(() => Expression.Parse("event.message.matches('((a{1000}){1000}){1000}')").Evaluate(Variables, Now));
        Assert.True(TimeProvider.System.GetElapsedTime(started) < TimeSpan.FromSeconds(5));
    }

    [Fact]
    public void Every_operand_that_was_read_is_recorded_as_it_is_written()
    {
        var evaluation = Expression.Parse("candidate.accuracy - old.accuracy >= 0.005 && size(candidate.labels) == 2").Evaluate(Variables, Now);
        Assert.Equal("true", ValueJson.Write(evaluation.Value));
        Assert.Equal("0.91", evaluation.Operands["candidate.accuracy"]);
        Assert.Equal("0.9", evaluation.Operands["old.accuracy"]);
        Assert.Equal("[\"a\",\"b\"]", evaluation.Operands["candidate.labels"]);
        Assert.Contains("candidate.accuracy - old.accuracy", evaluation.Operands.Keys);
        Assert.DoesNotContain("candidate", evaluation.Operands.Keys);
    }

    [Fact]
    public void A_large_operand_is_recorded_by_its_size()
    {
        var many = Value.Of([.. Enumerable.Range(0, 500).Select(number => Value.Of(number))]);
        var evaluation = Expression.Parse("many == null || many[3] == 3").Evaluate(new Dictionary<string, Value> { ["many"] = many }, Now);
        Assert.Equal("\"a list of 500\"", evaluation.Operands["many"]);
        Assert.Equal("3", evaluation.Operands["many[3]"]);
    }

    [Theory]
    [InlineData("candidate.loss < 1", false)]
    [InlineData("!(candidate.loss > 1)", true)]
    [InlineData("max(candidate.loss, 1.0) < 2", false)]
    public void A_comparison_with_nan_is_false_and_told(string text, bool value)
    {
        var evaluation = Expression.Parse(text).Evaluate(Variables, Now);
        Assert.Equal(Value.Of(value), evaluation.Value);
        Assert.NotNull(evaluation.NotANumber);
    }

    [Fact]
    public void Members_taken_from_a_name_are_listed()
    {
        var members = Expression.Parse("steps.train.*.model[0] == steps['best'].model && [1].all(x, steps.last.ok)").MembersOf("steps");
        Assert.Equal(["train", "best", "last"], members);
    }

    [Fact]
    public void Random_text_is_parsed_or_refused_and_nothing_else()
    {
        const string Alphabet = "abx019.*()[]{}<>=!&|?:+-/% ,'\"\\_ein";
        var random = new Random(7);
        for (var round = 0; round < 20_000; round++)
        {
            var text = string.Create(random.Next(1, 40), random, (span, r) =>
            {
                foreach (ref var c in span)
                {
                    c = Alphabet[r.Next(Alphabet.Length)];
                }
            });
            try
            {
                Expression.Parse(text).Evaluate(Variables, Now);
            }
            catch (ExpressionException)
            {
                // Refusal is one of the two answers asked for.
            }
        }
    }

    [Fact]
    public void What_the_checker_calls_an_int_or_a_bool_is_one()
    {
        var random = new Random(11);
        for (var round = 0; round < 2000; round++)
        {
            var text = Generate(random, 4);
            var expression = Expression.Parse(text);
            var type = expression.Check(new Dictionary<string, ExpressionType> { ["n"] = ExpressionType.Int });
            try
            {
                var value = expression.Evaluate(new Dictionary<string, Value> { ["n"] = Value.Of(random.Next(-9, 9)) }, Now).Value;
                Assert.Equal(type.Kind == TypeKind.Int, value is Value.Int);
            }
            catch (ExpressionException problem)
            {
                Assert.Matches("leaves the range|divided", problem.Message);
            }
        }
    }

    private static string Generate(Random random, int depth) => (depth == 0 ? 0 : random.Next(7)) switch
    {
        0 => random.Next(2) == 0 ? "n" : $"{random.NextInt64() >> random.Next(63)}",
        1 => $"({Generate(random, depth - 1)} + {Generate(random, depth - 1)})",
        2 => $"({Generate(random, depth - 1)} * {Generate(random, depth - 1)})",
        3 => $"({Generate(random, depth - 1)} / {Generate(random, depth - 1)})",
        4 => $"({Generate(random, depth - 1)} < {Generate(random, depth - 1)} ? {Generate(random, depth - 1)} : {Generate(random, depth - 1)})",
        5 => $"max({Generate(random, depth - 1)}, {Generate(random, depth - 1)})",
        _ => $"[{Generate(random, depth - 1)}].map(x, x - {Generate(random, depth - 1)})[0]",
    };
}
