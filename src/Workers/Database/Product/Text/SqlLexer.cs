namespace Saga.Workers.Database.Product.Text;

/// <summary>Splits SQL into tokens as PostgreSQL does, without comments. Text that ends inside a quote ends the last token.</summary>
internal sealed class SqlLexer
{
    private const string MarkPrefix = "saga:";
    private readonly string sql;
    private readonly List<SqlToken> tokens = [];
    private int at;
    private int line;

    private SqlLexer(string sql, int line)
    {
        this.sql = sql;
        this.line = line;
    }

    /// <param name="sql">The text.</param>
    /// <param name="line">The number of its first line.</param>
    public static IReadOnlyList<SqlToken> Read(string sql, int line = 1)
    {
        var lexer = new SqlLexer(sql, line);
        while (lexer.at < sql.Length)
            lexer.Next();
        return lexer.tokens;
    }

    private void Next()
    {
        var c = sql[at];
        if (c == '-' && Peek(1) == '-')
            Comment();
        else if (c == '/' && Peek(1) == '*')
            BlockComment();
        else if (c is '\'' or '"')
            Quoted(c, escapes: false);
        else if (c is 'e' or 'E' && Peek(1) == '\'')
            Escaped();
        else if (IsNameStart(c))
            Add(SqlTokenKind.Word, Skip(IsNamePart));
        else if (c == '$' && Tag() is { } tag)
            Body(tag);
        else if (char.IsWhiteSpace(c))
            Advance(1);
        else
            Add(SqlTokenKind.Symbol, 1);
    }

    private void Add(SqlTokenKind kind, int length)
    {
        var text = sql.Substring(at, length);
        tokens.Add(new SqlToken(kind, kind == SqlTokenKind.Word ? text.ToLowerInvariant() : text, line, at, at + length));
        Advance(length);
    }

    private void Comment()
    {
        var end = sql.IndexOf('\n', at);
        var text = sql[(at + 2)..(end < 0 ? sql.Length : end)].Trim();
        if (text.StartsWith(MarkPrefix, StringComparison.Ordinal))
            tokens.Add(new SqlToken(SqlTokenKind.Mark, text[MarkPrefix.Length..].Trim(), line, at, at));
        Advance((end < 0 ? sql.Length : end) - at);
    }

    private void BlockComment()
    {
        var depth = 0;
        do
        {
            if (sql[at] == '/' && Peek(1) == '*')
                (depth, at) = (depth + 1, at + 2);
            else if (sql[at] == '*' && Peek(1) == '/')
                (depth, at) = (depth - 1, at + 2);
            else
                Advance(1);
        }
        while (depth > 0 && at < sql.Length);
    }

    private void Escaped()
    {
        at++;
        Quoted('\'', escapes: true);
    }

    private void Quoted(char quote, bool escapes)
    {
        var (start, first) = (at, line);
        Advance(1);
        while (at < sql.Length)
        {
            if (escapes && sql[at] == '\\')
                Advance(2);
            else if (sql[at] != quote)
                Advance(1);
            else if (Peek(1) == quote)
                at += 2;
            else
                break;
        }

        var text = sql[(start + 1)..Math.Min(at, sql.Length)].Replace($"{quote}{quote}", quote.ToString(), StringComparison.Ordinal);
        at = Math.Min(at + 1, sql.Length);
        tokens.Add(new SqlToken(quote == '"' ? SqlTokenKind.Name : SqlTokenKind.Literal, text, first, start, at));
    }

    private void Body(string tag)
    {
        var (start, first) = (at, line);
        var begin = at + tag.Length;
        var end = sql.IndexOf(tag, begin, StringComparison.Ordinal);
        var text = sql[begin..(end < 0 ? sql.Length : end)];
        Advance((end < 0 ? sql.Length : end + tag.Length) - at);
        tokens.Add(new SqlToken(SqlTokenKind.Body, text, first, start, at));
    }

    // $$ or $name$; null for a parameter such as $1.
    private string? Tag()
    {
        var end = at + 1;
        while (end < sql.Length && IsNamePart(sql[end]) && sql[end] != '$')
            end++;
        return end < sql.Length && sql[end] == '$' && !char.IsDigit(sql[at + 1]) ? sql[at..(end + 1)] : null;
    }

    private int Skip(Func<char, bool> belongs)
    {
        var end = at;
        while (end < sql.Length && belongs(sql[end]))
            end++;
        return end - at;
    }

    private void Advance(int count)
    {
        for (var end = Math.Min(at + count, sql.Length); at < end; at++)
        {
            if (sql[at] == '\n')
                line++;
        }
    }

    private char Peek(int ahead) => at + ahead < sql.Length ? sql[at + ahead] : '\0';

    private static bool IsNameStart(char c) => c == '_' || char.IsLetter(c);

    private static bool IsNamePart(char c) => IsNameStart(c) || char.IsDigit(c) || c == '$';
}
