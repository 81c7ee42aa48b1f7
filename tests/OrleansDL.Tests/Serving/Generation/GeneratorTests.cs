using OrleansDL.Inference;
using OrleansDL.Inference.Generation;
using OrleansDL.Serving;
using OrleansDL.Serving.Generation;

namespace OrleansDL.Tests.Serving.Generation;

/// <summary>Texts continued side by side by a real model.</summary>
public sealed class GeneratorTests : IDisposable
{
    private readonly string _folder = Directory.CreateTempSubdirectory("odl-test-").FullName;
    private readonly ModelSession _session;

    public GeneratorTests()
    {
        foreach (var file in Directory.GetFiles(GoldenModels.Gpt))
        {
            File.Copy(file, Path.Combine(_folder, Path.GetFileName(file)));
        }

        _session = ModelSession.Load(_folder);
    }

    public void Dispose()
    {
        _session.Dispose();
        Directory.Delete(_folder, recursive: true);
    }

    [Theory]
    [InlineData(true)]
    [InlineData(false)]
    public async Task A_text_goes_on_the_same_among_others_as_alone_and_as_without_a_cache(bool cached)
    {
        if (!cached)
        {
            File.Delete(Path.Combine(_folder, "generation.onnx"));
        }

        using var generator = Start(new BatchingSpec { MaximumBatchSize = 4 });
        Assert.Equal(new GenerationFacts { MaximumTokens = 32, Cached = cached }, generator.Facts);
        string[] texts = ["one two three four", "red green blue", "spring summer autumn winter"];
        var random = new Random(5);
        var requests = Enumerable.Range(0, 60).Select(index => new GenerateRequest
        {
            Text = texts[index % 3][..random.Next(1, 12)],
            MaximumTokens = random.Next(1, 25),
            Temperature = (index % 4) switch { 0 => 0, 1 => 0.7, _ => 3 },
            Seed = (ulong)index,
        }).Where(request => request.Text.Length + request.MaximumTokens <= 32).ToList();

        var answers = await Task.WhenAll(requests.Select(async request => string.Concat((await AllAsync(generator, request)).Select(piece => piece.Text))));

        Assert.Equal(requests.Select(request => _session.Generate(request.Text, request.MaximumTokens, request.Temperature, request.Seed)), answers);
        Assert.Equal(" green blue", await TextAsync(generator, new GenerateRequest { Text = "red", MaximumTokens = 29 }));
    }

    [Fact]
    public async Task A_text_ends_where_it_is_told_to_or_the_model_takes_no_more()
    {
        using var generator = Start();
        var known = new GenerateRequest { Text = "one", MaximumTokens = 29 };
        var whole = await AllAsync(generator, known);
        Assert.Equal((" two three four", GenerateEnd.Stop, 15, 3), (string.Concat(whole.Select(piece => piece.Text)), whole[^1].End, whole[^1].Tokens, whole[^1].GivenTokens));
        Assert.All(whole.SkipLast(1), piece => Assert.Null(piece.End));

        Assert.Equal((" two ", GenerateEnd.Stop), await EndAsync(generator, known with { Stop = ["fou", "three"] }));
        Assert.Equal((" two", GenerateEnd.Length), await EndAsync(generator, known with { MaximumTokens = 4 }));
        Assert.Equal(GenerateEnd.Length, (await EndAsync(generator, known with { Text = "spring summer autumn winte", MaximumTokens = 100, Temperature = 100 })).End);
        var refused = Assert.Throws<TextTooLongException>(() => generator.Generate(known with { Text = new string('a', 32) }, default));
        Assert.Equal("The text has 32 tokens or more, and model 'model' takes 32 with those it adds. Give a shorter one.", refused.Message);
        Assert.Equal("top_p is 0. Give a number above 0, up to 1.", Assert.Throws<InvalidException>(() => generator.Generate(known with { TopP = 0 }, default)).Message);
    }

    [Fact]
    public async Task Drawing_from_one_token_is_taking_the_most_probable()
    {
        using var generator = Start();
        foreach (var (topK, topP) in new[] { (1, 1.0), (0, 1e-9) })
        {
            Assert.Equal(" green blue", await TextAsync(generator, new GenerateRequest { Text = "red", MaximumTokens = 29, Temperature = 5, TopK = topK, TopP = topP, Seed = 3 }));
        }
    }

    [Fact]
    public async Task What_a_full_queue_cannot_take_is_refused_and_who_leaves_makes_room()
    {
        using var rows = new HeldRows(GenerationModel.Load(_folder, _session)!.NewRows(1));
        using var generator = new Generator(GenerationModel.Load(_folder, _session)!, new BatchingSpec { MaximumBatchSize = 1, MaximumQueue = 1 }, TimeProvider.System, rows);
        var request = new GenerateRequest { Text = "red", MaximumTokens = 29 };
        var running = generator.Generate(request, default);
        await rows.Entered;
        using var cancel = new CancellationTokenSource();
        var waiting = generator.Generate(request, cancel.Token);
        Assert.Equal("Exceeds maximum queue size", Assert.Throws<OverloadedException>(() => generator.Generate(request, default)).Message);

        await cancel.CancelAsync();
        var late = generator.Generate(request with { TimeoutMicroseconds = 1 }, default);
        rows.Release();

        await Assert.ThrowsAnyAsync<OperationCanceledException>(async () => await waiting.GetAsyncEnumerator().MoveNextAsync());
        Assert.Equal("Request timeout expired", (await Assert.ThrowsAsync<OverloadedException>(async () => await late.GetAsyncEnumerator().MoveNextAsync())).Message);
        await using var reader = running.GetAsyncEnumerator();
        Assert.True(await reader.MoveNextAsync());
    }

    [Fact]
    public async Task A_text_whose_caller_leaves_gives_its_place_to_the_next_and_costs_no_more_tokens()
    {
        using var rows = new HeldRows(GenerationModel.Load(_folder, _session)!.NewRows(1));
        using var generator = new Generator(GenerationModel.Load(_folder, _session)!, new BatchingSpec { MaximumBatchSize = 1 }, TimeProvider.System, rows);
        using var leaves = new CancellationTokenSource();
        var left = generator.Generate(new GenerateRequest { Text = "spring", MaximumTokens = 25 }, leaves.Token);
        await rows.Entered;
        var next = AllAsync(generator, new GenerateRequest { Text = "red", MaximumTokens = 29 });
        await leaves.CancelAsync();
        rows.Release();

        var pieces = await next;

        Assert.Equal(" green blue", string.Concat(pieces.Select(piece => piece.Text)));
        Assert.InRange(rows.Steps, 10, pieces[^1].Tokens + 1);
        await Assert.ThrowsAnyAsync<OperationCanceledException>(async () => await left.GetAsyncEnumerator().MoveNextAsync());
    }

    [Fact]
    public async Task A_generation_that_is_unloaded_lets_begun_texts_end_for_a_while_and_takes_no_new_ones()
    {
        using var rows = new HeldRows(GenerationModel.Load(_folder, _session)!.NewRows(1));
        using var generator = new Generator(GenerationModel.Load(_folder, _session)!, null, TimeProvider.System, rows);
        var request = new GenerateRequest { Text = "red", MaximumTokens = 29 };
        var begun = generator.Generate(request, default);
        await rows.Entered;
        var drained = generator.DrainAsync(TimeSpan.FromMinutes(1));
        Assert.Throws<NoCapacityException>(() => generator.Generate(request, default));
        Assert.False(drained.IsCompleted);

        rows.Release();

        await drained;
        Assert.Equal(" green blue", string.Concat(await begun.Select(piece => piece.Text).ToListAsync()));
    }

    private Generator Start(BatchingSpec? spec = null) => new(GenerationModel.Load(_folder, _session)!, spec, TimeProvider.System);

    private static async Task<List<GeneratePiece>> AllAsync(Generator generator, GenerateRequest request)
    {
        List<GeneratePiece> pieces = [];
        await foreach (var piece in generator.Generate(request, default))
        {
            pieces.Add(piece);
        }

        return pieces;
    }

    private static async Task<string> TextAsync(Generator generator, GenerateRequest request) => string.Concat((await AllAsync(generator, request)).Select(piece => piece.Text));

    private static async Task<(string Text, GenerateEnd? End)> EndAsync(Generator generator, GenerateRequest request)
    {
        var pieces = await AllAsync(generator, request);
        return (string.Concat(pieces.Select(piece => piece.Text)), pieces[^1].End);
    }
}
