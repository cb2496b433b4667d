using System.Data;
using Dapper;
using Npgsql;
using Saga.Workers.Database.Preparation;
using Saga.Workers.Database.Servers;

namespace Saga.Workers.Database.Moves;

/// <summary>
/// One transaction in a place, as the mover, whom no policy and no mode of the place stops, or in a source of rows. Statements have no time limit of their own,
/// because the step has one. Values have one spelling as text, whatever the server's settings.
/// </summary>
internal sealed class MoveSession : IAsyncDisposable
{
    // It waits while what it read is written elsewhere, which may take hours, and it locks no rows.
    private const string Waits = "set local idle_in_transaction_session_timeout = 0;";

    private readonly ServerSession session;
    private readonly NpgsqlTransaction transaction;

    private MoveSession(ServerSession session, NpgsqlTransaction transaction) => (this.session, this.transaction) = (session, transaction);

    public ServerSession Session => session;

    /// <param name="isReader">Whether it only reads: then everything that it reads is of one moment.</param>
    public static Task<MoveSession> BeginAsync(ServerSession session, bool isReader, CancellationToken cancellationToken) =>
        isReader ? BeginAsync(session, IsolationLevel.RepeatableRead, $"{Waits} {Mover.Become}", cancellationToken) : BeginAsync(session, IsolationLevel.ReadCommitted, Mover.Become, cancellationToken);

    /// <summary>
    /// A transaction that only reads, in a database that is no tenant's, as this user. The mover has no rights there. Rows that a policy would hide
    /// are an error, so that none is missed.
    /// </summary>
    public static Task<MoveSession> BeginSourceAsync(ServerSession session, CancellationToken cancellationToken) =>
        BeginAsync(session, IsolationLevel.RepeatableRead, $"set transaction read only; {Waits} set local row_security = off;", cancellationToken);

    private static async Task<MoveSession> BeginAsync(ServerSession session, IsolationLevel isolation, string become, CancellationToken cancellationToken)
    {
        var opened = await session.TranslatingAsync(async () => await session.Connection.BeginTransactionAsync(isolation, cancellationToken));
        var begun = new MoveSession(session, opened);
        try
        {
            await begun.ExecuteAsync($"{RowFingerprints.Spelling} {become}", cancellationToken);
            return begun;
        }
        catch
        {
            await begun.DisposeAsync();
            throw;
        }
    }

    public Task ExecuteAsync(string sql, CancellationToken cancellationToken, object? parameters = null) =>
        session.TranslatingAsync(() => session.Connection.ExecuteAsync(Command(sql, parameters, cancellationToken)));

    public Task<T?> ScalarAsync<T>(string sql, CancellationToken cancellationToken, object? parameters = null) =>
        session.TranslatingAsync(() => session.Connection.ExecuteScalarAsync<T>(Command(sql, parameters, cancellationToken)));

    public Task<IReadOnlyList<T>> QueryAsync<T>(string sql, CancellationToken cancellationToken, object? parameters = null) =>
        session.TranslatingAsync(async () => (IReadOnlyList<T>)[.. await session.Connection.QueryAsync<T>(Command(sql, parameters, cancellationToken))]);

    public Task CommitAsync(CancellationToken cancellationToken) => session.TranslatingAsync(async () =>
    {
        await transaction.CommitAsync(cancellationToken);
        return 0;
    });

    public ValueTask DisposeAsync() => transaction.DisposeAsync();

    private CommandDefinition Command(string sql, object? parameters, CancellationToken cancellationToken) =>
        new(sql, parameters, transaction, commandTimeout: 0, cancellationToken: cancellationToken);
}
