using System.Runtime.CompilerServices;
using System.Text;

namespace Saga.Tests.Simulation;

/// <summary>The words of a promise, which are only put together when it is broken.</summary>
[InterpolatedStringHandler]
internal readonly ref struct Reason
{
    private readonly StringBuilder? text;

    public Reason(int literalLength, int formattedCount, bool kept, out bool isBroken)
    {
        isBroken = !kept;
        text = kept ? null : new(literalLength + (formattedCount * 8));
    }

    public string Text => text!.ToString();

    public void AppendLiteral(string value) => text!.Append(value);

    public void AppendFormatted<T>(T value) => text!.Append(value);
}
