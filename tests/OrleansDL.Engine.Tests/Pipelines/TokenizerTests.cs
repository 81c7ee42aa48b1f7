using FsCheck;
using FsCheck.Xunit;
using OrleansDL.Pipelines.Tokens;

namespace OrleansDL.Tests.Pipelines;

public sealed class TokenizerTests
{
    private static readonly string[] Corpus = ["the cat sat on the mat", "the bat sat; the cat did not", "über die Brücke 12 123 1234", "日本語の文", "  two  spaces\n\tand\r\nlines"];

    [Property(MaxTest = 300)]
    public void What_was_encoded_is_decoded_to_the_same_text(NonNull<string> given)
    {
        // A half of a pair of UTF-16 stands for no text.
        var text = string.Concat(given.Get.EnumerateRunes().Select(rune => rune.ToString()));
        foreach (var tokenizer in new Tokenizer[] { new ByteTokenizer(), Learnt(400), Learnt(258) })
        {
            var tokens = new long[(text.Length * 3) + 1];
            var count = tokenizer.Encode(text, tokens);
            Assert.Equal(text, tokenizer.Decode(tokens.AsSpan(0, count)));
            Assert.All(tokens[..count], token => Assert.InRange(token, Tokenizer.First, tokenizer.Count - 1));
        }
    }

    [Property(MaxTest = 200)]
    public void The_chunks_of_a_text_are_the_text(byte[] text)
    {
        var joined = new List<byte>();
        foreach (var chunk in new ByteChunks(text))
        {
            Assert.InRange(chunk.Length, 1, ByteChunks.Longest);
            joined.AddRange(chunk);
        }

        Assert.Equal(text, joined);
    }

    [Fact]
    public void Pairs_are_learnt_by_how_often_they_stand_together_and_not_by_the_order_of_rows()
    {
        var forward = Learner(Corpus).Learn(300);
        Assert.Equal(forward.Select(pair => pair.ToArray()), Learner([.. Corpus.Reverse()]).Learn(300).Select(pair => pair.ToArray()));

        // "th" and then "the" stand most often.
        var tokens = new long[8];
        Assert.Equal(1, new PairTokenizer(forward).Encode("the", tokens));
        Assert.Equal((forward[0][0], forward[0][1]) is var first && first == ('t' + 2, 'h' + 2) ? "th" : "at", new PairTokenizer(forward).Decode([258]));
        Assert.True(new PairTokenizer(forward).Encode(Corpus[0], new long[64]) < Corpus[0].Length / 2);
    }

    [Fact]
    public void Text_is_cut_where_there_is_no_more_room()
    {
        var tokens = new long[3];
        Assert.Equal(3, new ByteTokenizer().Encode("abcdef", tokens));
        Assert.Equal("abc", new ByteTokenizer().Decode(tokens));
        Assert.Equal(2, new WordTokenizer(["a", "B."], split: true).Encode(" a\tB. ", tokens));
        Assert.Equal("a B.", new WordTokenizer(["a", "B."], split: true).Decode(tokens.AsSpan(0, 2)));
    }

    [Fact]
    public void Merges_that_name_later_tokens_are_refused() =>
        Assert.Contains("merge 0", Assert.Throws<InvalidException>(() => new PairTokenizer([[2, 258]])).Message, StringComparison.Ordinal);

    private static PairTokenizer Learnt(int count) => new(Learner(Corpus).Learn(count));

    private static PairLearner Learner(IEnumerable<string> texts)
    {
        var learner = new PairLearner();
        foreach (var text in texts)
        {
            learner.Add(text);
        }

        return learner;
    }
}
