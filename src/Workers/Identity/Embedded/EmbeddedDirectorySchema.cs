using Dapper;
using Npgsql;

namespace Saga.Workers.Identity.Embedded;

/// <summary>The embedded directory's tables, in their own schema in the registry's database.</summary>
public static class EmbeddedDirectorySchema
{
    private const long Lock = 0x5A6A_0010;

    /// <summary>Creates missing tables, unless somebody else owns the schema. Any number may run at once.</summary>
    public static async Task EnsureAsync(NpgsqlDataSource registry, CancellationToken cancellationToken)
    {
        await using var connection = await registry.OpenConnectionAsync(cancellationToken);
        await using var transaction = await connection.BeginTransactionAsync(cancellationToken);
        await connection.ExecuteAsync(new CommandDefinition("select pg_advisory_xact_lock(@Lock)", new { Lock }, transaction, cancellationToken: cancellationToken));
        if (await connection.ExecuteScalarAsync<bool>(new CommandDefinition(
            "select exists (select from pg_namespace where nspname = 'embedded_identity' and not pg_has_role(nspowner, 'USAGE'))",
            transaction: transaction, cancellationToken: cancellationToken)))
        {
            return;
        }

        await connection.ExecuteAsync(new CommandDefinition(
            """
            create schema if not exists embedded_identity;

            create table if not exists embedded_identity.organizations (
                id         uuid primary key,
                tenant_id  uuid not null constraint organizations_tenant unique,
                alias      text not null constraint organizations_alias unique,
                name       text not null constraint organizations_name unique,
                enabled    boolean not null default true
            );

            alter table embedded_identity.organizations add column if not exists description text;

            create table if not exists embedded_identity.organization_domains (
                domain           text constraint organization_domains_domain primary key,
                organization_id  uuid not null references embedded_identity.organizations on delete cascade
            );

            create table if not exists embedded_identity.users (
                id                uuid primary key,
                email             text not null constraint users_email unique,
                made_for          uuid,
                enabled           boolean not null default true,
                email_verified    boolean not null default false,
                required_actions  text[] not null default '{}'
            );

            create table if not exists embedded_identity.members (
                organization_id  uuid not null references embedded_identity.organizations on delete cascade,
                user_id          uuid not null references embedded_identity.users on delete cascade,
                primary key (organization_id, user_id)
            );

            create index if not exists members_by_user on embedded_identity.members (user_id);

            create table if not exists embedded_identity.administrators (
                organization_id  uuid not null,
                user_id          uuid not null,
                primary key (organization_id, user_id),
                foreign key (organization_id, user_id) references embedded_identity.members on delete cascade
            );
            """, transaction: transaction, cancellationToken: cancellationToken));
        await transaction.CommitAsync(cancellationToken);
    }
}
