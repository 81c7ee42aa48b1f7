using System.Text;
using OrleansDL.Serving.Asides;

namespace OrleansDL.Serving.Generation;

/// <summary>Gathers a text's parts for what is done beside answering.</summary>
/// <param name="aside">Is told of the whole text.</param>
/// <param name="request">What was asked.</param>
internal sealed class ToldText(Aside aside, GenerateRequest request)
{
    private readonly StringBuilder _text = new();

    public void Add(GeneratePiece piece) => _text.Append(piece.Text);

    /// <summary>All its parts have come.</summary>
    public void End(Route route, Guid id, GeneratePiece last) => aside.OnText(route, id, request, _text.ToString(), last);
}
