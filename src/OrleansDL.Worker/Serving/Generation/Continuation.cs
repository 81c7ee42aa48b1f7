using System.Runtime.CompilerServices;
using System.Threading.Channels;
using OrleansDL.Inference.Generation;

namespace OrleansDL.Serving.Generation;

/// <summary>One text being continued, or waiting for it.</summary>
internal sealed class Continuation(GenerateRequest request, long[] given, GenerationModel model, TimeSpan? deadline, CancellationToken cancellationToken)
{
    // As many parts as tokens at most: a slow reader holds up nobody else.
    private readonly Channel<GeneratePiece> _pieces = Channel.CreateUnbounded<GeneratePiece>(new UnboundedChannelOptions { SingleReader = true, SingleWriter = true });
    private readonly TextPieces _text = new(model, request.Stop);
    private readonly TokenChooser _chooser = new(request);
    private volatile bool _isLeft;

    /// <summary>When its wait is over; null: never.</summary>
    public TimeSpan? Deadline => deadline;

    /// <summary>Whether nobody waits for it any more.</summary>
    public bool IsLeft => _isLeft || cancellationToken.IsCancellationRequested;

    /// <summary>Whether its last part was given.</summary>
    public bool IsOver { get; private set; }

    /// <summary>Tokens of the given text the model has not seen yet.</summary>
    public ReadOnlySpan<long> Unseen => given.AsSpan(Seen);

    /// <summary>Tokens of the given text the model has seen.</summary>
    public int Seen { get; set; }

    /// <summary>The token added last, which the model has not seen yet.</summary>
    public long Last { get; private set; }

    /// <summary>Adds the next token, by the logits of all.</summary>
    public void Add(ReadOnlySpan<float> logits)
    {
        Last = _chooser.Next(logits);
        if (GenerationModel.IsEnd(Last))
        {
            Finish(_text.End(), GenerateEnd.Stop);
            return;
        }

        var piece = _text.Add(Last);
        if (_text.IsStopped)
        {
            Finish(piece, GenerateEnd.Stop);
        }
        else if (_text.Count == request.MaximumTokens || given.Length + _text.Count == model.MaximumTokens)
        {
            Finish(piece + _text.End(), GenerateEnd.Length);
        }
        else if (piece.Length > 0)
        {
            Give(piece, end: null);
        }
    }

    public void Fail(Exception error)
    {
        IsOver = true;
        _pieces.Writer.TryComplete(error);
    }

    /// <summary>The parts as they come. Whoever stops reading has left.</summary>
    public async IAsyncEnumerable<GeneratePiece> ReadAsync([EnumeratorCancellation] CancellationToken reader = default)
    {
        using var either = CancellationTokenSource.CreateLinkedTokenSource(reader, cancellationToken);
        try
        {
            await foreach (var piece in _pieces.Reader.ReadAllAsync(either.Token))
            {
                yield return piece;
            }
        }
        finally
        {
            _isLeft = true;
        }
    }

    private void Finish(string piece, GenerateEnd end)
    {
        IsOver = true;
        Give(piece, end);
        _pieces.Writer.TryComplete();
    }

    private void Give(string piece, GenerateEnd? end) =>
        _pieces.Writer.TryWrite(new GeneratePiece { Text = piece, Tokens = _text.Count, GivenTokens = given.Length, End = end });
}
