namespace Saga.Workers.Database.Product.Text;

/// <summary>A part of an SQL text.</summary>
/// <param name="Text">Words in lower case; of quoted parts what is between the quotes.</param>
/// <param name="Line">Where it begins, counted from 1.</param>
/// <param name="Start">The index of its first character.</param>
/// <param name="End">The index behind its last character.</param>
internal readonly record struct SqlToken(SqlTokenKind Kind, string Text, int Line, int Start, int End)
{
    public bool IsWord(string word) => Kind == SqlTokenKind.Word && Text == word;

    public bool IsSymbol(char symbol) => Kind == SqlTokenKind.Symbol && Text[0] == symbol;

    /// <summary>Whether it may be the name of something.</summary>
    public bool IsName => Kind is SqlTokenKind.Word or SqlTokenKind.Name;
}

internal enum SqlTokenKind
{
    /// <summary>A keyword, or a name without quotes.</summary>
    Word,

    /// <summary>A name in double quotes.</summary>
    Name,

    /// <summary>A literal in single quotes.</summary>
    Literal,

    /// <summary>A text in dollar quotes, such as a function's body.</summary>
    Body,

    /// <summary>Any other character.</summary>
    Symbol,

    /// <summary>The rest of a comment that begins with <c>-- saga:</c>.</summary>
    Mark,
}
