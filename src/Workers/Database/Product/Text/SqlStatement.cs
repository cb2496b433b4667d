namespace Saga.Workers.Database.Product.Text;

/// <summary>One statement of an SQL text.</summary>
/// <param name="Tokens">At least one; without marks.</param>
/// <param name="Marks">The marks before it.</param>
/// <param name="Text">As it is written.</param>
internal sealed record SqlStatement(IReadOnlyList<SqlToken> Tokens, IReadOnlyList<SqlToken> Marks, string Text)
{
    public int Line => Tokens[0].Line;

    /// <summary>Splits a text at semicolons, except those inside a body of <c>BEGIN ATOMIC</c>.</summary>
    /// <param name="sql">The text.</param>
    /// <param name="line">The number of its first line.</param>
    public static IReadOnlyList<SqlStatement> Read(string sql, int line = 1)
    {
        var statements = new List<SqlStatement>();
        var (tokens, marks, depth) = (new List<SqlToken>(), new List<SqlToken>(), 0);
        foreach (var token in SqlLexer.Read(sql, line))
        {
            if (token.Kind == SqlTokenKind.Mark)
            {
                marks.Add(token);
                continue;
            }

            if (token.IsSymbol(';') && depth == 0)
            {
                Close();
                continue;
            }

            tokens.Add(token);
            if (token.IsWord("atomic") && tokens.Count > 1 && tokens[^2].IsWord("begin"))
                depth = 1;
            else if (depth > 0 && token.IsWord("case"))
                depth++;
            else if (depth > 0 && token.IsWord("end"))
                depth--;
        }

        Close();
        return statements;

        void Close()
        {
            if (tokens.Count == 0)
                return;
            statements.Add(new SqlStatement(tokens, marks, sql[tokens[0].Start..tokens[^1].End]));
            (tokens, marks) = ([], []);
        }
    }

    /// <summary>The word at the index; empty when there is none.</summary>
    public string WordAt(int index) => index >= 0 && index < Tokens.Count && Tokens[index].Kind == SqlTokenKind.Word ? Tokens[index].Text : "";

    /// <summary>Whether the words follow one another at the index.</summary>
    public bool HasAt(int index, params ReadOnlySpan<string> words)
    {
        for (var i = 0; i < words.Length; i++)
        {
            if (WordAt(index + i) != words[i])
                return false;
        }

        return true;
    }

    /// <summary>The index of the first of the words that follow one another; -1 when they are not there.</summary>
    public int Find(params ReadOnlySpan<string> words)
    {
        for (var i = 0; i < Tokens.Count; i++)
        {
            if (HasAt(i, words))
                return i;
        }

        return -1;
    }
}
