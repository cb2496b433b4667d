using Microsoft.Extensions.Configuration;
using Microsoft.Extensions.DependencyInjection;
using Saga.Workers.Database.Restored;
using Saga.Workers.Database.Restored.SharedTables;
using Saga.Workers.Runtime;

namespace Saga.Workers.Database.Moves;

internal static class MovesRegistration
{
    /// <summary>Adds the steps that move a tenant's rows and remove the copy that a move leaves.</summary>
    public static IServiceCollection AddMoves(this IServiceCollection services, IConfiguration configuration)
    {
        services.AddOptionsWithValidateOnStart<MovesOptions>().Bind(configuration.GetSection(MovesOptions.Section)).ValidateDataAnnotations();
        services.AddSingleton<MovePlaces>();
        services.AddSingleton<MoveHold>();
        services.AddSingleton<PlaceTables>();
        services.AddSingleton<RowComparison>();
        services.AddSingleton<PlaceSwitch>();
        services.AddSingleton<MoveOpening>();
        services.AddSingleton<KeptCopies>();
        services.AddSingleton<RowTransfer>();
        services.AddSingleton<PreparedTransactions>();
        services.AddSingleton<ReplacementOpening>();
        services.AddSingleton<ReplacedPlaces>();
        services.AddSingleton<IStep, ReserveMoveStep>();
        services.AddSingleton<IStep, CreateMoveStep>();
        services.AddSingleton<IStep, LockPlaceStep>();
        services.AddSingleton<IStep, CopyRowsStep>();
        services.AddSingleton<IStep, CompareRowsStep>();
        services.AddSingleton<IStep, TakeAwayStep>();
        services.AddSingleton<IStep, SwitchStep>();
        services.AddSingleton<IStep, OpenMovedStep>();
        services.AddSingleton<IStep, DropCopyStep>();
        services.AddSingleton<IStep, FillReplacementStep>();
        services.AddSingleton<IStep, CheckReplacementStep>();
        services.AddSingleton<IStep, TakeAwayReplacedStep>();
        services.AddSingleton<IStep, OpenReplacementStep>();
        services.AddSingleton<IStep, FillRevivedStep>();
        services.AddSingleton<IStep, ReserveKeptStep>();
        services.AddSingleton<IStep, CreateKeptStep>();
        services.AddSingleton<IStep, LockReplacedStep>();
        services.AddSingleton<IStep, FillKeptStep>();
        services.AddSingleton<IStep, ReplaceRowsStep>();
        services.AddSingleton<IStep, KeepReplacedStep>();
        services.AddSingleton<IStep, OpenReplacedStep>();
        services.AddSingleton<IStep, PutBackRowsStep>();
        services.AddSingleton<IStep, OpenPutBackStep>();
        services.AddSingleton<IStep, BeginRevertStep>();
        services.AddSingleton<IStep, CompareCopyStep>();
        services.AddSingleton<IStep, SwitchBackStep>();
        services.AddSingleton<IStep, OpenRevertedStep>();
        return services.AddSingleton<IStep, DropRevertedStep>();
    }
}
