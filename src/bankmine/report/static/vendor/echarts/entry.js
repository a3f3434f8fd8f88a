// The parts of ECharts that the pictures use; see VENDORED.md for the command that bundles them.
import { BarChart, CustomChart, GraphChart, LineChart, ScatterChart } from "echarts/charts";
import { GraphicComponent, GridComponent, LegendComponent, MarkLineComponent, MarkPointComponent, TooltipComponent } from "echarts/components";
import { use } from "echarts/core";
import { LabelLayout } from "echarts/features";
import { CanvasRenderer } from "echarts/renderers";

export { dispose, getInstanceByDom, init, version } from "echarts/core";

use([BarChart, CustomChart, GraphChart, LineChart, ScatterChart]);
use([GraphicComponent, GridComponent, LegendComponent, MarkLineComponent, MarkPointComponent, TooltipComponent]);
use([LabelLayout, CanvasRenderer]);
