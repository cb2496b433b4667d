using Saga.Registry.Operations;
using Saga.Registry.Scopes;

namespace Saga.Api.Operations;

/// <summary>What an operation, or a command in a dry run, waits for.</summary>
public sealed record ScopeWaitView
{
    /// <summary>Since when; absent in a dry run.</summary>
    public DateTimeOffset? Since { get; init; }

    /// <summary>When it is refused; absent when it waits as long as it takes.</summary>
    public DateTimeOffset? ExpiresAt { get; init; }

    /// <summary>The scope that is taken, such as <c>tenant:…</c>; absent when its scopes have just become free.</summary>
    public string? Scope { get; init; }

    /// <summary>The address of the operation that is in the way: it holds the scope, or has waited longer for it.</summary>
    public string? Operation { get; init; }

    /// <summary>That operation's kind.</summary>
    public string? Kind { get; init; }

    public static ScopeWaitView? Of(AwaitedScope? awaited) => awaited is null ? null : Of(awaited.Holder) with { Since = awaited.Since, ExpiresAt = awaited.ExpiresAt };

    public static ScopeWaitView Of(ScopeHolder? holder) => new()
    {
        Scope = holder?.Scope,
        Operation = holder is null ? null : OperationEndpoints.Address(holder.OperationId),
        Kind = holder?.Kind,
    };
}
