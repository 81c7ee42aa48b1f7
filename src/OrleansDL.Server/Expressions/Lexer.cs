using System.Globalization;
using System.Text;

namespace OrleansDL.Expressions;

/// <summary>Cuts an expression into words.</summary>
internal static class Lexer
{
    /// <summary>Longest expression in characters.</summary>
    public const int MaximumLength = 8192;

    private static readonly string[] Symbols =
        ["||", "&&", "==", "!=", "<=", ">=", "<", ">", "+", "-", "*", "/", "%", "!", "?", ":", ".", ",", "(", ")", "[", "]", "{", "}"];

    public static List<Token> Read(string text)
    {
        if (text.Length > MaximumLength)
        {
            throw new ExpressionException($"the expression has {text.Length} characters; {MaximumLength} is the limit", 0, isLimit: true);
        }

        var tokens = new List<Token>();
        var at = 0;
        while (true)
        {
            while (at < text.Length && char.IsWhiteSpace(text[at]))
            {
                at++;
            }

            if (at == text.Length)
            {
                tokens.Add(new Token(TokenKind.End, "", at, at));
                return tokens;
            }

            var token = ReadOne(text, at);
            tokens.Add(token);
            at = token.End;
        }
    }

    private static Token ReadOne(string text, int at)
    {
        var c = text[at];
        if (char.IsAsciiDigit(c))
        {
            return ReadNumber(text, at);
        }

        if (char.IsAsciiLetter(c) || c == '_')
        {
            var end = at;
            while (end < text.Length && (char.IsAsciiLetterOrDigit(text[end]) || text[end] == '_'))
            {
                end++;
            }

            return new Token(TokenKind.Name, text[at..end], at, end);
        }

        if (c is '"' or '\'')
        {
            return ReadString(text, at);
        }

        var symbol = Array.Find(Symbols, s => string.CompareOrdinal(text, at, s, 0, s.Length) == 0)
            ?? throw new ExpressionException($"'{c}' means nothing here", at);
        return new Token(TokenKind.Symbol, symbol, at, at + symbol.Length);
    }

    private static Token ReadNumber(string text, int at)
    {
        var end = at;
        if (text[at] == '0' && at + 1 < text.Length && text[at + 1] is 'x' or 'X')
        {
            end = at + 2;
            while (end < text.Length && char.IsAsciiHexDigit(text[end]))
            {
                end++;
            }

            return long.TryParse(text.AsSpan(at + 2, end - at - 2), NumberStyles.AllowHexSpecifier, CultureInfo.InvariantCulture, out var value) && value >= 0
                ? new Token(TokenKind.Int, value.ToString(CultureInfo.InvariantCulture), at, end)
                : throw new ExpressionException($"'{text[at..end]}' is no 64-bit number", at);
        }

        void Digits()
        {
            while (end < text.Length && char.IsAsciiDigit(text[end]))
            {
                end++;
            }
        }

        Digits();
        var kind = TokenKind.Int;
        if (end + 1 < text.Length && text[end] == '.' && char.IsAsciiDigit(text[end + 1]))
        {
            kind = TokenKind.Double;
            end++;
            Digits();
        }

        if (end < text.Length && text[end] is 'e' or 'E')
        {
            kind = TokenKind.Double;
            end++;
            if (end < text.Length && text[end] is '+' or '-')
            {
                end++;
            }

            var digits = end;
            Digits();
            if (end == digits)
            {
                throw new ExpressionException("an exponent needs digits", at);
            }
        }

        if (end < text.Length && (char.IsAsciiLetter(text[end]) || text[end] == '_'))
        {
            throw new ExpressionException($"'{text[at..(end + 1)]}' is no number and no name", at);
        }

        return new Token(kind, text[at..end], at, end);
    }

    private static Token ReadString(string text, int start)
    {
        var quote = text[start];
        var value = new StringBuilder();
        for (var at = start + 1; at < text.Length; at++)
        {
            var c = text[at];
            if (c == quote)
            {
                return new Token(TokenKind.String, value.ToString(), start, at + 1);
            }

            if (c != '\\')
            {
                value.Append(c);
                continue;
            }

            at++;
            if (at == text.Length)
            {
                break;
            }

            if (text[at] == 'u' && at + 4 < text.Length
                && ushort.TryParse(text.AsSpan(at + 1, 4), NumberStyles.AllowHexSpecifier, CultureInfo.InvariantCulture, out var unit))
            {
                value.Append((char)unit);
                at += 4;
                continue;
            }

            value.Append(text[at] switch
            {
                'n' => '\n',
                't' => '\t',
                'r' => '\r',
                '\\' => '\\',
                '"' => '"',
                '\'' => '\'',
                _ => throw new ExpressionException($"'\\{text[at]}' is no escape; use \\n \\t \\r \\\\ \\\" \\' or \\uXXXX", at - 1),
            });
        }

        throw new ExpressionException("the string is never closed", start);
    }
}
